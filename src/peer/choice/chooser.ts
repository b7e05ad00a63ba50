// What the hand-over asks before each request: serve it here, hand it over, or send the client elsewhere.

import type { RequestView } from '../../candidacy/candidacy.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'

export type Choice =
  | { readonly mode: 'here' }
  | { readonly mode: 'proxy'; readonly candidate: Candidate }
  | { readonly mode: 'redirect'; readonly location: string }

export const here: Choice = { mode: 'here' }

export interface Chooser {
  /** All that a request may go to, for the stages of an exchange. */
  readonly application: Application
  /** Everything is served here. */
  readonly isOff: boolean
  /** The request is only read during the call. */
  first(request: RequestView): Choice
  /** @param tried `node.id` of those that failed. */
  again(request: RequestView, tried: readonly number[]): Choice
}
