// `byDomain`: prefers the nodes in the failover domain of the session's node (mcmp.md 3.3).

import type { Candidacy, Candidate, ExchangeView } from './candidacy.ts'

export const byDomain: Candidacy = (candidates, exchange) => {
  const { domain } = exchange
  if (domain === '') return candidates
  const inside = candidates.filter((candidate) => candidate.node.domain === domain)
  return inside.length > 0 ? inside : candidates
}

export const isWithoutDomain = (_: Candidate, { domain }: ExchangeView): boolean => domain === ''
