// The messages between the members of a group, one line of JSON each. A member sends to the leader, the leader to its
// members. Both may run different releases for a while: fields and kinds that are not known are ignored.

import type { LoadState, Reading } from '../load-factor.ts'
import type { ProxyStatus } from '../membership.ts'
import type { ContextState } from '../registration.ts'
import type { ServerFigures } from '../server-figures.ts'

/** What a leader hands on: with it the next leader continues where this one ends. */
export interface GroupState {
  readonly route: string
  readonly contexts: readonly (readonly [path: string, state: ContextState])[]
  /** Those of the contexts that the options of the leader name. */
  readonly optional: readonly string[]
  readonly status: readonly ProxyStatus[]
  /** Whether every proxy has registered the node or the first attempt has failed. */
  readonly isTried: boolean
  readonly load: LoadState
}

/** A change of a context for all. */
export interface GroupChange {
  readonly path: string
  readonly to: ContextState | 'REMOVED' | 'DRAINED'
}

export type ToLeader =
  /** The first message. */
  | { readonly kind: 'hello'; readonly readings: readonly Reading[] }
  | { readonly kind: 'readings'; readonly readings: readonly Reading[] }
  | { readonly kind: 'figures'; readonly figures: ServerFigures }
  /** Asks to leave; the answer is `left`. */
  | { readonly kind: 'leaving' }
  /** The answer to `stay`. */
  | { readonly kind: 'stays' }
  | ({ readonly kind: 'change'; readonly id: number } & GroupChange)

export type ToMember =
  /** The answer to `hello`, and sent again after each change. */
  | { readonly kind: 'state'; readonly state: GroupState }
  /** Sum over all other members. */
  | { readonly kind: 'others'; readonly figures: ServerFigures }
  | { readonly kind: 'left' }
  /** The leader wants to leave: the member stays, or answers `leaving`. */
  | { readonly kind: 'stay' }
  | { readonly kind: 'changed'; readonly id: number }
