// `bySession`: a session goes to its own node (mcmp.md 3.2, 3.3). When that node is not among the candidates and the
// balancer has StickySessionForce, only the nodes of its domain are left; none when it has no domain.
// `bySession NAME` and `bySession hex NAME=` read the session id themselves (session-id.ts).

import type { Candidacy, Kind } from './candidacy.ts'
import { readSessionArgument } from './session-id.ts'

const byRoute: Candidacy = (candidates, exchange) => {
  const { route, balancer } = exchange
  if (route === undefined || !balancer.sticky) return candidates
  for (const candidate of candidates) {
    if (candidate.node.route === route) return candidate.alone
  }
  if (!balancer.stickyForce) return candidates
  if (exchange.domain === '') return []
  return candidates.filter((candidate) => candidate.node.domain === exchange.domain)
}

export const bySession: Kind = {
  name: 'bySession',
  aliases: [],
  form: '[NAME | hex NAME=], NAME a cookie or path parameter',
  read: (argument) =>
    argument === '' ? () => ({ apply: byRoute }) : readSessionArgument(argument),
}
