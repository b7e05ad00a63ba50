// The live numbers of the nodes: what changes with every request or report. They are kept beside the snapshot, in one
// mutable object for each registration (`node.id`), written by the traffic and the watch.

import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import { pathKey } from './context.ts'
import { type Health, healthy } from './health.ts'
import { type Latency, newLatency } from './latency.ts'
import { isEjected, newOutlier, type Outlier } from './outlier.ts'
import { type ProcessShare, wholeShare } from './process-share.ts'
import { RecentFailures } from './recent-failures.ts'
import { Room } from './room.ts'
import type { RoomFigures } from './room-figures.ts'
import { SessionCount } from './session-count.ts'
import { Stall } from './stall.ts'
import { newNodeTimes, type Times } from './times.ts'
import { Wish } from './wish.ts'

/** The numbers of one path on one node, for all aliases together. */
export interface ContextLive {
  /** Requests sent and not yet answered completely. */
  inFlight: number
}

export interface NodeLive {
  /** Requests of this process not yet answered completely; for a peer's own server, all requests that it serves now. */
  inFlight: number
  /** Limit of `inFlight` in this process; Infinity: none. */
  inFlightMax: number
  /** Requests that wait in the queue of the node, and their limit. */
  waiting: number
  queueMax: number
  /** Lines of requests that may get its next free place (forward/shared/queues.ts). */
  awaited: number
  /** Requests sent to the node since it registered. */
  elected: number
  /**
   * Raised whenever the node stops or starts being eligible. State derived from its share of the requests in an earlier
   * epoch is invalid (mcmp.md decision 55).
   */
  epoch: number
  /** Last load factor: -1 broken, 0 standby, 1..100; `undefined`, treated as 0, before the first STATUS. */
  loadFactor: number | undefined
  /** It comes from the default metrics of an agent alone. */
  isDefaultLoad: boolean
  /** The values behind it, as the last STATUS told them; none from other nodes than Topspin's. Kept by the primary. */
  loadMetrics: readonly MetricValue[]
  /** When the last STATUS arrived, monotonic ms; `undefined` before the first. */
  statusAt: number | undefined
  /** No STATUS for too long: standby until the next one (mcmp.md decision 39). */
  silent: boolean
  /** Restored from the state file, with no STATUS in this run yet. */
  unconfirmed: boolean
  /** Bytes of heads and bodies received from the node. */
  bytesRead: number
  /** When `bytesRead` last rose, monotonic ms. Kept by the watch of the primary (control/watch.ts). */
  readAt: number
  /** When a probe was last answered at the node's present address, monotonic ms. Kept by the primary. */
  probeAnsweredAt: number
  /** Bytes of heads and bodies sent to the node. */
  bytesSent: number
  /** Failed attempts. */
  failures: number
  /** Responses with a status of 500 or more. */
  errors: number
  /** Recent sessions of this node. */
  readonly sessions: SessionCount
  /** By path, as `pathKey` returns it; see `contextLive`. */
  readonly contexts: Map<string, ContextLive>
  health: Health
  /**
   * When a connection for a request was last begun while it was down, monotonic ms (candidacy/last-resort.ts); -Infinity
   * once that has succeeded.
   */
  lastResortAt: number
  /** When the node was first or last found to be up again, monotonic ms; -Infinity before that. */
  upAt: number
  outlier: Outlier
  /** Worker processes in which it is ejected; 0 where this process carries the traffic. */
  workersEjecting: number
  /** Measured only for cascades that read it. */
  latency: Latency
  /** The requests of this process there, and the estimates from them. */
  readonly room: Room
  readonly stall: Stall
  /** The sum of those of the worker processes; `undefined` where this process carries the traffic. */
  workersRoom: RoomFigures | undefined
  /** The share of requests that its load factor requests. */
  readonly wish: Wish
  /** Open connections of this process to the node, those that wait for a request included. */
  connections: number
  /** The last failures; `undefined` before the first. */
  recentFailures: RecentFailures | undefined
  /** Of its responses and connections; `undefined` before the first request. */
  times: Times | undefined
  /** State of candidacy functions, each at its own index (candidacy/node-state.ts). */
  readonly kept: unknown[]
}

export const newLive = (room: Room = new Room()): NodeLive => ({
  inFlight: 0,
  inFlightMax: Number.POSITIVE_INFINITY,
  waiting: 0,
  queueMax: 0,
  awaited: 0,
  elected: 0,
  epoch: 0,
  loadFactor: undefined,
  isDefaultLoad: false,
  loadMetrics: [],
  statusAt: undefined,
  silent: false,
  unconfirmed: false,
  bytesRead: 0,
  readAt: Number.NEGATIVE_INFINITY,
  probeAnsweredAt: Number.NEGATIVE_INFINITY,
  bytesSent: 0,
  failures: 0,
  errors: 0,
  sessions: new SessionCount(),
  contexts: new Map(),
  health: healthy,
  lastResortAt: Number.NEGATIVE_INFINITY,
  upAt: Number.NEGATIVE_INFINITY,
  outlier: newOutlier(),
  workersEjecting: 0,
  latency: newLatency(),
  room,
  stall: new Stall(),
  workersRoom: undefined,
  wish: new Wish(),
  connections: 0,
  recentFailures: undefined,
  times: undefined,
  kept: [],
})

/** The numbers of a path, made at the first call. @param key as `pathKey` returns it. */
export function contextLive({ contexts }: NodeLive, key: string): ContextLive {
  let numbers = contexts.get(key)
  if (numbers === undefined) {
    numbers = { inFlight: 0 }
    contexts.set(key, numbers)
  }
  return numbers
}

/** The times of a node, made at the first call. */
export function timesOf(live: NodeLive): Times {
  live.times ??= newNodeTimes()
  return live.times
}

/** The last failures of a node, made at the first call. */
export function recentFailuresOf(live: NodeLive): RecentFailures {
  live.recentFailures ??= new RecentFailures()
  return live.recentFailures
}

/** By this process, or by a worker. */
export const isEjectedAnywhere = ({ outlier, workersEjecting }: NodeLive): boolean =>
  isEjected(outlier) || workersEjecting > 0

/** Requests in flight on these paths, each counted once. */
export function inFlightOn({ contexts }: Readonly<NodeLive>, paths: readonly string[]): number {
  let sum = 0
  for (const key of new Set(paths.map(pathKey))) sum += contexts.get(key)?.inFlight ?? 0
  return sum
}

/** All live numbers of this process, by `node.id`. */
export class LiveTable {
  /** Of this process, in limits for all processes. */
  share: ProcessShare
  readonly #byId: Map<number, NodeLive> = new Map()
  readonly #newRoom: () => Room

  /** @param isOfTraffic whether this process forwards requests; otherwise no node has a `room` of its own. */
  constructor(share: ProcessShare = wholeShare, isOfTraffic: boolean = true) {
    this.share = share
    const room = new Room()
    this.#newRoom = isOfTraffic ? () => new Room() : () => room
  }

  /** The node's numbers, made at the first call. */
  of(id: number): NodeLive {
    let live = this.#byId.get(id)
    if (live === undefined) {
      live = newLive(this.#newRoom())
      this.#byId.set(id, live)
    }
    return live
  }

  has(id: number): boolean {
    return this.#byId.has(id)
  }

  /** For a node whose numbers were made by its owner. */
  set(id: number, live: NodeLive): void {
    this.#byId.set(id, live)
  }

  forget(id: number): void {
    this.#byId.delete(id)
  }

  /** All rows, by `node.id`. */
  rows(): Iterable<readonly [number, NodeLive]> {
    return this.#byId
  }
}
