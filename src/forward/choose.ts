// Stage 4: candidates -> candidacy cascade -> one node.

import type { Candidate } from '../cluster/routes.ts'
import type { Exchange } from './exchange.ts'

export function choose(exchange: Exchange): Candidate | undefined {
  const { traffic, application } = exchange
  return traffic.candidacy(application.candidates, exchange, traffic.clock)[0]
}
