// What the registry is told and what it says: the types of `Registry.apply`. Everything that has to be
// asked of the outside world is asked before and handed in, so that applying a message stays pure.

import type { Reply } from '../../wire/mcmp/reply.ts'
import type { NodeLive } from '../live.ts'
import type { Change } from '../snapshot.ts'

/** Does something answer there? Asked of the network before a message is applied. */
export interface Question {
  /** Tells questions apart; the same address always has the same key. */
  readonly key: string
  readonly host: string
  readonly port: number
  readonly type: string
  readonly timeoutMs: number
}

export interface Facts {
  /** Monotonic milliseconds. */
  readonly now: number
  /** By `Question.key`: whether it answered. */
  readonly answers: ReadonlyMap<string, boolean>
  /** The live numbers of a node, by id. */
  readonly live: (id: number) => Readonly<NodeLive>
}

export interface Applied {
  readonly reply: Reply
  readonly changes: readonly Change[]
  /** What an operator should read in the log. */
  readonly warnings: readonly string[]
}

export interface RegistryLimits {
  readonly nodesMax: number
  readonly hostsMax: number
  readonly contextsMax: number
  readonly balancersMax: number
  readonly refusalsMax: number
}

export interface RegistryOptions {
  /** The `id` of PING and STATUS replies: constant during a run, different after each start. */
  readonly runId: string
  /** Default `mycluster`. */
  readonly defaultBalancer?: string
  /** A removed node is shown under its name for this long, then as REMOVED for as long again. Default 10_000 ms. */
  readonly waitBeforeRemoveMs?: number
  readonly limits?: RegistryLimits
}
