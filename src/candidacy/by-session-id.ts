// `bySessionId`: deterministic failover (mcmp.md 3.3, decision 56). A session whose node is unavailable goes to the same
// other node with every request and at every proxy, independent of load.

import type { Candidacy, Candidate } from './candidacy.ts'

const nobody: readonly Candidate[] = []

export const bySessionId: Candidacy = (candidates, exchange) => {
  const { route, sessionId } = exchange
  if (route === undefined || candidates[0]?.node.route === route) return candidates
  const active = candidates.filter(({ live }) => (live.loadFactor ?? 0) > 0 && !live.silent)
  const eligible = active.length > 0 ? active : candidates
  const sorted = eligible.toSorted(byRoute)
  return sorted[sumOf(sessionId) % sorted.length]?.alone ?? nobody
}

const byRoute = (a: Candidate, b: Candidate): number => (a.node.route < b.node.route ? -1 : 1)

/** The sum of the bytes before the first dot. */
function sumOf(sessionId: string): number {
  let sum = 0
  for (let i = 0; i < sessionId.length && sessionId[i] !== '.'; i++) sum += sessionId.charCodeAt(i)
  return sum
}
