// Types of the parameters and the result of `Registry.apply`. Whether an address answers is found out before and passed in,
// so that applying a message is pure.

import type { Reply } from '../../wire/mcmp/reply.ts'
import type { NodeLive } from '../live.ts'
import type { Change, Snapshot } from '../snapshot.ts'

/** An address to probe before a message is applied. */
export interface Question {
  /** Identifies the question; the same for the same address. */
  readonly key: string
  readonly host: string
  readonly port: number
  readonly type: string
  /** Of the node at the address. */
  readonly route: string
  readonly balancer: string
  readonly timeoutMs: number
  /** The node is named in the configuration. */
  readonly fixed: boolean
}

export interface Facts {
  /** Monotonic time, ms. */
  readonly now: number
  /** Remote address of the sender; absent when the proxy itself sends. */
  readonly from?: string
  /** Whether the address answered, by `Question.key`. */
  readonly answers: ReadonlyMap<string, boolean>
  /** The live numbers of a node, by id. */
  readonly live: (id: number) => Readonly<NodeLive>
}

export interface Applied {
  readonly reply: Reply
  readonly changes: readonly Change[]
  /** Warnings for the log. */
  readonly warnings: readonly string[]
}

/** What would change, and nothing has changed yet. */
export interface Proposal extends Applied {
  /** The state that it was made from, and the one that it leads to. */
  readonly before: Snapshot
  readonly snapshot: Snapshot
}

/** Most rows of each table, and most refused registrations that are remembered. */
export interface RegistryLimits {
  readonly nodesMax: number
  readonly hostsMax: number
  readonly contextsMax: number
  readonly balancersMax: number
  readonly refusalsMax: number
  readonly ordersMax: number
}

export interface RegistryOptions {
  /** The `id` of PING and STATUS replies: constant during a run, different after each start. */
  readonly runId: string
  /** Balancer of a CONFIG that names none. Default `mycluster`. */
  readonly defaultBalancer?: string
  /** How long a removed node is shown under its name, and then again as REMOVED, ms. Default 10 000. */
  readonly waitBeforeRemoveMs?: number
  /** Default `mcmpLimits`. */
  readonly limits?: RegistryLimits
}
