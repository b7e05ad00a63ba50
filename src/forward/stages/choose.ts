// Stage 4: candidates -> candidacy cascade -> one node. The cascade is that of the request's path, found
// once and kept for all attempts.

import type { Candidate } from '../../cluster/routes.ts'
import type { Exchange } from '../exchange.ts'
import { requestView } from './request-view.ts'

/** To be called while the head's bytes last. */
export function findCascade(exchange: Exchange): void {
  const { cascades } = exchange.traffic
  const { cascade: number } = exchange.application
  const cascade = number < 0 ? cascades.find(exchange.path) : cascades.at(number)
  exchange.cascade = cascade
  exchange.readsLatency = cascade.readsLatency
  exchange.request = cascade.readsRequest ? requestView(exchange.head, exchange.client) : undefined
}

/**
 * Chooses in place of the cascade, for each attempt.
 * @param tried `node.id` of the nodes that failed for this request.
 */
export type Choose = (tried: readonly number[]) => Candidate | undefined

export function choose(exchange: Exchange): Candidate | undefined {
  const { cascade, chooser, application, traffic } = exchange
  if (chooser !== undefined) return chooser(exchange.tried)
  return cascade.run(application.candidates, exchange, traffic.clock)[0]
}
