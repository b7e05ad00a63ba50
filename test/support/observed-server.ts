// A simulated server behind one proxy, and the room that the proxy has learnt of it.

import { HeldRequest } from '../../src/cluster/held-requests.ts'
import { Room } from '../../src/cluster/room.ts'
import type { ServerGiven } from '../sim/balance/scenario.ts'
import { simulate } from '../sim/balance/simulation.ts'

export interface Observed {
  readonly room: Room
  /** When the last request was over, ms. */
  readonly now: number
  /** The most requests that were ever in hand. */
  readonly highest: number
}

/** @param load share of what the server can do. A request takes 20 ms on average while there is room. */
export function observed(
  server: ServerGiven,
  load: number,
  requests: number,
  seed: number,
): Observed {
  const room = new Room()
  const held: HeldRequest[] = []
  let now = 0
  let highest = 0
  const scenario = { name: '', proxies: 1, servers: 1, server: () => server, workMs: 20 }
  simulate(
    { ...scenario, load, requests },
    (world) => ({
      choose: () => 0,
      sent({ id }) {
        held[id] ??= new HeldRequest()
        room.begin(held[id], world.now)
        highest = Math.max(highest, room.inHand)
      },
      ended({ id }, isGood) {
        now = world.now
        room.end(held[id] as HeldRequest, now, isGood)
      },
      memberChanged() {},
    }),
    seed,
  )
  return { room, now, highest }
}
