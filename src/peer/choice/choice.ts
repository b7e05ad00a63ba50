// The decision where one request is served, and the interface of its makers.

import type { RequestView } from '../../candidacy/candidacy.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'

export type Decided =
  /** The application of this server answers. */
  | { readonly mode: 'here' }
  /** The request is handed over to a peer. */
  | { readonly mode: 'proxy'; readonly candidate: Candidate }
  /** The client is redirected to a peer. */
  | { readonly mode: 'redirect'; readonly location: string }

export type Choice =
  | Decided
  /** Peers are asked first; the request waits for some ms. */
  | { readonly mode: 'asking'; readonly pending: PendingChoice }

export interface PendingChoice {
  /** @param decided called once, later than this call returns, unless `cancel` is called before. */
  onDecided(decided: (choice: Decided) => void): void
  /** Ends the wait. */
  cancel(): void
}

export const here: Decided = { mode: 'here' }

export interface Chooser {
  /** All candidates, as an application for the stages of an exchange. */
  readonly application: Application
  /** Every request is served here. */
  readonly isOff: boolean
  /** @param request valid during the call only. */
  first(request: RequestView): Choice
  /** After a failure; asks no peer. @param tried `node.id` of the candidates that failed. */
  again(request: RequestView, tried: readonly number[]): Decided
}
