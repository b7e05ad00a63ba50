// An HTTP server in this process that hands requests over as a test says, without announcements: whom it
// knows is a list, and where a request goes a function.

import { createSecretKey, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { silent } from '../../src/base/log.ts'
import type { RequestView } from '../../src/candidacy/candidacy.ts'
import { LiveTable } from '../../src/cluster/live.ts'
import { makePeer, type Peer } from '../../src/cluster/peer.ts'
import { makeTraffic, type Traffic, type TrafficOptions } from '../../src/forward/index.ts'
import { networkCheck } from '../../src/net/network-check.ts'
import type { Choice, Chooser, Decided } from '../../src/peer/choice/choice.ts'
import { PeerCandidates } from '../../src/peer/choice/peer-candidates.ts'
import { type HandOver, newCounts } from '../../src/peer/hand-over/hand-over.ts'
import { LocalService } from '../../src/peer/hand-over/local-service.ts'
import { Marks } from '../../src/peer/hand-over/marks.ts'
import { HandOverPolicy } from '../../src/peer/hand-over/policy.ts'
import { RefusedMarks } from '../../src/peer/hand-over/refused-marks.ts'
import { UnderWay } from '../../src/peer/hand-over/under-way.ts'
import { ParsedHandOver } from '../../src/peer/parsed/parsed-hand-over.ts'
import { interceptRequests } from '../../src/peer/parsed/server-events.ts'
import { interceptConnections } from '../../src/peer/raw/intake.ts'

export interface PeerServer {
  readonly port: number
  readonly server: Server
  readonly handOver: HandOver
  readonly traffic: Traffic
  /** Handing over to these, in this order, before it serves anything itself. */
  prefers: readonly { host: string; port: number }[]
  /** `undefined`: by `prefers`. */
  choice: ((request: RequestView) => Choice | undefined) | undefined
}

export interface PeerServerOptions extends TrafficOptions {
  readonly key?: string
  readonly acceptFrom?: readonly string[]
  /** Default: one of `node:http`, listening on 127.0.0.1. */
  readonly server?: Server
  /** Connections are read by us first, or requests are seen when the server emits them. Default `bytes`. */
  readonly way?: 'bytes' | 'events'
}

export async function startPeerServer(
  t: TestContext,
  handler: RequestListener,
  options: PeerServerOptions = {},
): Promise<PeerServer> {
  const {
    key,
    acceptFrom = ['127.0.0.1'],
    server = createServer(),
    way = 'bytes',
    ...rest
  } = options
  server.on('request', handler)
  const live = new LiveTable()
  const traffic = makeTraffic({ live, ...rest })
  const candidates = new PeerCandidates(live)
  const keys: KeyObject[] = key === undefined ? [] : [createSecretKey(key, 'utf8')]
  const ids = new Map<string, number>()
  let list: readonly Peer[] = []
  let listed: PeerServer['prefers'] = []
  const peers = (): readonly Peer[] => {
    if (listed !== peer.prefers) {
      listed = peer.prefers
      list = listed.map(({ host, port }) => peerAt(host, port, ids))
    }
    return list
  }
  const choose = (tried: readonly number[]): Decided => {
    const candidate = candidates.of(peers()).find(({ node }) => !tried.includes(node.id))
    return candidate === undefined ? { mode: 'here' } : { mode: 'proxy', candidate }
  }
  const chooser: Chooser = {
    get application() {
      return candidates.application
    },
    isOff: false,
    first: (request) => peer.choice?.(request) ?? choose([]),
    again: (request, tried) => {
      const own = peer.choice?.(request)
      return own === undefined || own.mode === 'asking' ? choose(tried) : own
    },
  }
  const isPeer = networkCheck(acceptFrom, 'acceptFrom')
  const counts = newCounts()
  const handOver: HandOver = {
    policy: new HandOverPolicy(traffic, chooser),
    marks: new Marks({ keys, isPeer, clock: traffic.clock, via: traffic.via }),
    local: new LocalService({ begin: () => 0, end: () => {} }, () => undefined),
    underWay: new UnderWay(),
    counts,
    refusedMarks: new RefusedMarks(counts, traffic.clock, rest.log ?? silent),
    status: undefined,
  }
  interceptRequests(server, new ParsedHandOver(handOver))
  if (way === 'bytes') interceptConnections(server, handOver)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  traffic.ticker.start()
  t.after(() => {
    traffic.ticker.stop()
    traffic.pools.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const peer: PeerServer = { port, server, handOver, traffic, prefers: [], choice: undefined }
  return peer
}

function peerAt(host: string, port: number, ids: Map<string, number>): Peer {
  const name = `${host}:${port}`
  const id = ids.get(name) ?? ids.size + 1
  ids.set(name, id)
  const resources = {
    speed: 1,
    cores: 1,
    load: 0,
    loadHigh: 1,
    cpuIdle: 1,
    memoryTotal: 1,
    memoryAvailable: 1,
    eventLoopDelayMs: 0,
    slotsInUse: 0,
    slotsFree: 10,
    served: 0,
    serviceTimeMs: 0,
    ms: 0,
    knee: 0,
    inHand: 0,
  }
  const announcement = {
    name,
    scheme: 'http',
    host,
    port,
    startedAt: 1,
    sequence: 1,
    time: 1,
    leaving: false,
    contexts: [],
    resources,
  } as const
  return makePeer(id, announcement, 0, false)
}
