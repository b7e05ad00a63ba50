// The candidates of the traffic: nodes that serve a path, with their live numbers. Immutable.

import type { ContextStatus } from '../wire/mcmp/context-status.ts'
import type { Balancer } from './balancer.ts'
import { type Context, pathKey } from './context.ts'
import { type ContextLive, contextLive, type NodeLive } from './live.ts'
import type { Node } from './node.ts'
import type { Peer } from './peer.ts'
import type { Times } from './times.ts'

/** A node that serves a path, with its live numbers. */
export interface Candidate {
  readonly node: Node
  readonly live: NodeLive
  /** Live numbers of this path on the node. */
  readonly contextLive: ContextLive
  /** The most enabled status of the path on this node under the aliases that match. */
  readonly status: ContextStatus
  /** The context with that status; absent for peers. */
  readonly context?: Context
  /** The peer with its announcement; `undefined` for a registered node. */
  readonly peer: Peer | undefined
  /** A list of this candidate alone, so that a choice allocates nothing. */
  readonly alone: readonly Candidate[]
}

/** One balancer's candidates for one path, in table order. */
export interface Application {
  /** As `pathKey` returns it. */
  readonly path: string
  readonly balancer: Balancer
  /** The balancer's cookie name as bytes. */
  readonly cookie: Uint8Array
  readonly candidates: readonly Candidate[]
  /** Values that an upper floor derives from the path; the same for all versions of the application. */
  readonly derived: Derived
  /** The times of its requests by the number of the listener (request-times.ts); the same for all versions. */
  readonly measured: (Times | undefined)[]
  /** A request has found it, so that its candidates do not change any more: the next change makes another version. */
  isFound: boolean
}

/** A value and the object that it was derived by, which a reload may replace. */
interface Derived {
  by: object | undefined
  value: unknown
}

export const newDerived = (): Derived => ({ by: undefined, value: undefined })

/** What only a request needs is made by the first one: there are hundreds of thousands of candidates. */
export class NodeCandidate implements Candidate {
  readonly node: Node
  readonly live: NodeLive
  readonly context: Context
  readonly status: ContextStatus
  readonly peer: undefined
  #contextLive: ContextLive | undefined
  #alone: readonly Candidate[] | undefined

  constructor(node: Node, live: NodeLive, context: Context) {
    this.node = node
    this.live = live
    this.context = context
    this.status = context.status
  }

  get contextLive(): ContextLive {
    this.#contextLive ??= contextLive(this.live, pathKey(this.context.path))
    return this.#contextLive
  }

  get alone(): readonly Candidate[] {
    this.#alone ??= [this]
    return this.#alone
  }
}

/** Where the node in this row is in a list in table order, or where it belongs. */
export function placeOf(candidates: readonly Candidate[], slot: number): number {
  let [low, high] = [0, candidates.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((candidates[middle] as Candidate).node.slot < slot) low = middle + 1
    else high = middle
  }
  return low
}
