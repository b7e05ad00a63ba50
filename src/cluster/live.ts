// The live numbers of the nodes: what changes with every request or report. They stand beside the
// snapshot, one mutable object per registration (`node.id`), written by the traffic and read by all.

import { pathKey } from './context.ts'
import { type Health, healthy } from './health.ts'
import { type Latency, newLatency } from './latency.ts'
import { newOutlier, type Outlier } from './outlier.ts'
import { Room } from './room.ts'
import { SessionCount } from './session-count.ts'
import { Wish } from './wish.ts'

/** The numbers of one path on one node, whatever the alias. */
export interface ContextLive {
  /** Requests sent and not yet answered to the end. */
  inFlight: number
}

export interface NodeLive {
  /** Requests sent and not yet answered to the end, from this process; of this server itself, all that it serves now. */
  inFlight: number
  /** Requests sent to the node since it registered. */
  elected: number
  /**
   * Raised whenever the node stops or starts to be eligible: what its past says about its share of the requests does
   * not hold any more (mcmp.md decision 55).
   */
  epoch: number
  /** Last load factor: -1 broken, 0 standby, 1..100; `undefined` before the first STATUS, then treated as 0. */
  loadFactor: number | undefined
  /** When the last STATUS arrived, monotonic ms; `undefined` before the first. */
  statusAt: number | undefined
  /** STATUS stopped for too long: standby until the next one (decision 39). */
  silent: boolean
  /** Known from the state file only: no STATUS has come in this run. */
  unconfirmed: boolean
  /** Body and head bytes received from the node. */
  bytesRead: number
  /** Body and head bytes sent to the node. */
  bytesSent: number
  /** Attempts that failed. */
  failures: number
  /** Sessions whose requests came lately, as far as they are this node's own. */
  readonly sessions: SessionCount
  /** By `pathKey`; see `contextLive`. */
  readonly contexts: Map<string, ContextLive>
  health: Health
  outlier: Outlier
  /** What the node said in its last `endpoint-load-metrics` header; 0 when it has not. */
  report: { inFlight: number; pace: number; at: number }
  /** Kept only while a cascade looks at it. */
  latency: Latency
  /** The requests of this process there, and what is learnt from them. */
  readonly room: Room
  /** What share of the requests it asks for. */
  readonly wish: Wish
  /** State of candidacy functions, each at a place of its own (candidacy/node-state.ts). */
  readonly kept: unknown[]
}

export const newLive = (): NodeLive => ({
  inFlight: 0,
  elected: 0,
  epoch: 0,
  loadFactor: undefined,
  statusAt: undefined,
  silent: false,
  unconfirmed: false,
  bytesRead: 0,
  bytesSent: 0,
  failures: 0,
  sessions: new SessionCount(),
  contexts: new Map(),
  health: healthy,
  outlier: newOutlier(),
  report: { inFlight: 0, pace: 0, at: 0 },
  latency: newLatency(),
  room: new Room(),
  wish: new Wish(),
  kept: [],
})

/** The numbers of a path, made at the first question. @param key as `pathKey` gives it. */
export function contextLive({ contexts }: NodeLive, key: string): ContextLive {
  let numbers = contexts.get(key)
  if (numbers === undefined) {
    numbers = { inFlight: 0 }
    contexts.set(key, numbers)
  }
  return numbers
}

/** Requests in flight on these paths, each counted once. */
export function inFlightOn({ contexts }: Readonly<NodeLive>, paths: readonly string[]): number {
  let sum = 0
  for (const key of new Set(paths.map(pathKey))) sum += contexts.get(key)?.inFlight ?? 0
  return sum
}

/** All live numbers of this process, by `node.id`. */
export class LiveTable {
  readonly #byId: Map<number, NodeLive> = new Map()

  /** The node's numbers, made at the first question. */
  of(id: number): NodeLive {
    let live = this.#byId.get(id)
    if (live === undefined) {
      live = newLive()
      this.#byId.set(id, live)
    }
    return live
  }

  forget(id: number): void {
    this.#byId.delete(id)
  }

  /** All rows, by `node.id`. */
  rows(): Iterable<readonly [number, NodeLive]> {
    return this.#byId
  }
}
