// What the control service needs where several proxies share the registry (server/shared/). Without it a message changes
// the registry of this proxy alone.

import type { Node } from '../cluster/node.ts'
import type { Facts } from '../cluster/registry/facts.ts'
import type { Order } from '../cluster/shared/order.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { Message } from '../wire/mcmp/message.ts'
import type { Reply } from '../wire/mcmp/reply.ts'

/** Puts changes in force here. */
export type Publish = (before: Snapshot, changes: readonly Change[]) => Promise<void>

export interface Taken {
  readonly reply: Reply
  readonly warnings: readonly string[]
  /** Whether it changed what proxies share, and the keys that did. */
  readonly isShared: boolean
  readonly keys?: readonly string[]
  /** The message is older than what the node has said since. */
  readonly known?: Order | undefined
  /** Requests in flight at other proxies, for the reply to STOP-APP. */
  readonly requests?: number
}

export interface Sharing {
  /** Takes a message for all proxies. Rejects only for a fault of ours. */
  apply(message: Message, facts: Facts, publish: Publish): Promise<Taken>
  /** Removes a node that no other proxy reaches either. */
  removeDead(node: Node, publish: Publish): Promise<void>
  /** This proxy has made changes itself, for example forgotten orders. */
  shareOwn(changes: readonly Change[], before: Snapshot): void
  /** Whether nodes that report no more are to be put on standby; not when a large part of all would be. */
  mayFallSilent(): boolean
  report(): SharingReport
}

/** The shared registry for /api/status. */
export interface SharingReport {
  readonly name: string
  /** This proxy. */
  readonly proxy: string
  /** `alone`: the store does not answer, and messages are accepted here and written later. */
  readonly mode: 'joined' | 'alone'
  /** Why it is alone; `null`: it is not. */
  readonly reason: string | null
  /** In this mode, ms. */
  readonly modeMs: number
  /** Where it is connected; `null`: nowhere. */
  readonly server: string | null
  /** Number of the last change that is in force here. */
  readonly revision: number
  /** From a write of this proxy until it saw it itself, ms; `null` before the first. */
  readonly lagMs: number | null
  /** Records that are accepted here and not written. */
  readonly unwritten: number
  /** Times that the whole store was read again. */
  readonly listings: number
  /** Nodes stay in use although they report no more, because too many would be on standby at a time. */
  readonly massSilence: boolean
  readonly badRecords: readonly { readonly key: string; readonly reason: string }[]
  /** All proxies, this one included. */
  readonly proxies: readonly SharingProxy[]
}

export interface SharingProxy {
  readonly name: string
  readonly zone: string
  /** Address of its control listener. */
  readonly control: string
  readonly version: string
  /** ISO 8601. */
  readonly started: string
  /** Since its last sign of life, ms. */
  readonly ageMs: number
  /** Its clock less that of this proxy, ms. */
  readonly clockMs: number
  readonly isSelf: boolean
}
