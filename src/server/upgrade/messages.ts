// The messages between a process and the one that takes its place: JSON over the channel of Node.js, in order in each
// direction. The two processes may be of different versions.

import type { LiveFact } from '../../cluster/live-facts.ts'
import type { Change } from '../../cluster/snapshot.ts'
import type { AdvertiserIdentity } from '../../control/advertiser.ts'
import type { InheritedSocket } from '../inherited-sockets.ts'

/** Another number stands for messages that this version does not understand. */
export const messagesForm = 1

/** The variable by which a process knows that it takes the place of the process with this id. */
export const predecessorVariable = 'TOPSPIN_PREDECESSOR'

/** With a handle. */
export interface SocketMessage extends Omit<InheritedSocket, 'handle'> {
  readonly kind: 'socket'
  /** Its number; a copy is to be sent back under it. */
  readonly copy?: number
}

/** The state of the cluster, and what processes of one proxy have in common. */
export interface StateMessage {
  readonly kind: 'state'
  readonly changes: readonly Change[]
  readonly facts: readonly LiveFact[]
  /** See `RegistryOptions`: nodes register anew when it changes. */
  readonly runId: string
  readonly ticketKeys: string
  readonly pseudonym: string
}

export interface YoursMessage {
  readonly kind: 'yours'
  /** About all nodes. */
  readonly facts: readonly LiveFact[]
  readonly advertiser?: AdvertiserIdentity
}

/** From the process that owns the registry to the one that follows. */
type ClusterMessage =
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'facts'; readonly facts: readonly LiveFact[] }

export type ToSuccessor =
  | SocketMessage
  /** After the sockets. */
  | StateMessage
  | ClusterMessage
  /** The registry, the state file and the control messages are the successor's from now on. */
  | YoursMessage

export type ToPredecessor =
  /** The configuration is valid. */
  | { readonly kind: 'hello'; readonly form: number; readonly version: string }
  /** With a handle: the copy of a socket. */
  | { readonly kind: 'copy'; readonly number: number }
  /** It serves clients, and could answer control messages. */
  | { readonly kind: 'prepared' }
  /** It does. */
  | { readonly kind: 'ready' }
  /** It cannot, and ends. */
  | { readonly kind: 'failed'; readonly problems: readonly string[] }
  /** After `ready`, since it owns the registry. */
  | ClusterMessage
  /** Both are to end: what is left of the predecessor's connections is to be cut after this time. */
  | { readonly kind: 'end'; readonly withinMs: number }
