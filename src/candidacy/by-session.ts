// `bySession`: a session goes to its own node (mcmp.md 3.2, 3.3). When that node cannot take it and
// the balancer insists (StickySessionForce), only its domain is left; without a domain, nobody.

import type { Candidacy } from './candidacy.ts'

export const bySession: Candidacy = (candidates, exchange) => {
  const { route, balancer } = exchange
  if (route === undefined || !balancer.sticky) return candidates
  for (const candidate of candidates) {
    if (candidate.node.route === route) return candidate.alone
  }
  if (!balancer.stickyForce) return candidates
  if (exchange.domain === '') return []
  return candidates.filter((candidate) => candidate.node.domain === exchange.domain)
}
