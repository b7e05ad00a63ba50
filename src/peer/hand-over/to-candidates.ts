// Begins the exchange of a request that Node.js has parsed, with the candidates that its destinations choose.

import type { IncomingMessage } from 'node:http'
import type { Candidate } from '../../cluster/routes.ts'
import type { StartExchange } from '../../forward/index.ts'
import type { Destinations } from './destinations.ts'
import { MessageView } from './request-views.ts'

/** @param first candidate of the first attempt; the destinations choose for later ones. */
export function toCandidates(
  destinations: Destinations,
  request: IncomingMessage,
  first: Candidate,
): StartExchange {
  let next: Candidate | undefined = first
  const choose = (tried: readonly number[]): Candidate | undefined => {
    const candidate = next
    next = undefined
    return candidate ?? destinations.another(new MessageView(request), tried)
  }
  return (exchange, head, length) =>
    exchange.forwardTo(destinations.application, choose, head, length, length)
}
