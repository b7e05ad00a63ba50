// `usable`: drops the candidates that cannot or must not get this request now (mcmp.md 3.1, 3.3).

import { isEjected } from '../cluster/outlier.ts'
import type { Candidacy, Candidate, ExchangeView } from './candidacy.ts'

export const usable: Candidacy = (candidates, exchange) => {
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]
    if (candidate === undefined) continue
    if (candidate.status !== 'ENABLED' || !isUsable(candidate, exchange)) {
      return withoutDisabled(
        candidates.filter((other) => isUsable(other, exchange)),
        exchange,
      )
    }
  }
  // The common case: all are usable, so the list is not copied.
  return candidates
}

/** A session that has to move goes to a node that is not being drained, if there is one. */
function withoutDisabled(
  candidates: readonly Candidate[],
  { hasSession, route }: ExchangeView,
): readonly Candidate[] {
  // Without a session `isUsable` has dropped them.
  if (!hasSession) return candidates
  const enabled = candidates.filter(({ status }) => status === 'ENABLED')
  const keepsOwn = candidates.some(({ node }) => node.route === route)
  return enabled.length === 0 || keepsOwn ? candidates : enabled
}

function isUsable(candidate: Candidate, exchange: ExchangeView): boolean {
  const { live, node, status } = candidate
  if (status === 'STOPPED' || (status === 'DISABLED' && !exchange.hasSession)) return false
  if (live.health.kind === 'down') return false
  // A node that reports -1, or was ejected for errors, keeps its own sessions (mcmp.md decision 54).
  if ((live.loadFactor === -1 || isEjected(live.outlier)) && node.route !== exchange.route) {
    return false
  }
  return exchange.tried.length === 0 || !exchange.tried.includes(node.id)
}
