// Candidacy: which nodes may get a request, as functions from list to list (mod_backhand's idea). A
// function filters, orders or truncates; the state is the list itself, and the head of the final list
// wins. An empty list means that nobody may: the proxy answers 503.

import type { Clock } from '../base/clock.ts'
import type { Balancer } from '../cluster/balancer.ts'
import type { Candidate } from '../cluster/routes.ts'

export type { Candidate }

/** What a function may know of the exchange. */
export interface ExchangeView {
  readonly balancer: Balancer
  /** The request carries a session id, with or without a route that we know (mcmp.md decision 52). */
  readonly hasSession: boolean
  /** The session id with its route, one character for each byte; '' when there is none. */
  readonly sessionId: string
  /** Route of the session, when a node of this balancer has it. */
  readonly route: string | undefined
  /** Domain of the node with that route; '' when it has none. */
  readonly domain: string
  /** `node.id` of those that were tried for this exchange and failed. */
  readonly tried: readonly number[]
}

export type Candidacy = (
  candidates: readonly Candidate[],
  exchange: ExchangeView,
  clock: Clock,
) => readonly Candidate[]
