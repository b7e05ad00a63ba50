// `byDomain`: a session that lost its node prefers the nodes of its failover group (mcmp.md 3.3).

import type { Candidacy } from './candidacy.ts'

export const byDomain: Candidacy = (candidates, exchange) => {
  const { domain } = exchange
  if (domain === '') return candidates
  const inside = candidates.filter((candidate) => candidate.node.domain === domain)
  return inside.length > 0 ? inside : candidates
}
