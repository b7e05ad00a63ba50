// What the hand-over asks before each request: serve it here, hand it over, or send the client elsewhere.

import type { IncomingMessage } from 'node:http'
import type { Application, Candidate } from '../cluster/routes.ts'

export type Choice =
  | { readonly mode: 'here' }
  | { readonly mode: 'proxy'; readonly candidate: Candidate }
  | { readonly mode: 'redirect'; readonly location: string }

export const here: Choice = { mode: 'here' }

export interface Chooser {
  /** All that a request may go to, for the stages of an exchange. */
  readonly application: Application
  first(request: IncomingMessage): Choice
  /** @param tried `node.id` of those that failed. */
  again(request: IncomingMessage, tried: readonly number[]): Choice
}
