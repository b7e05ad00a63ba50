// What the stages of src/forward share for the requests that are handed over: pools to the peers, deadlines,
// counts, and the choice, which is the hand-over's.

import type { Exchange } from '../forward/exchange.ts'
import { makeTraffic, type TrafficOptions } from '../forward/make-traffic.ts'
import type { Traffic } from '../forward/traffic.ts'
import { PeerClient } from './peer-client.ts'

/** All clients of its exchanges are `PeerClient`s. */
export function peerTraffic(options: TrafficOptions): Traffic {
  return {
    ...makeTraffic(options),
    candidacy: (_, exchange) => {
      const { client } = exchange as Exchange
      const next = client instanceof PeerClient ? client.choose() : undefined
      return next?.alone ?? []
    },
  }
}
