// `usable`: drops the candidates that cannot or must not get this request now (mcmp.md 3.1, 3.3). Of fixed nodes, those
// that are full are dropped, and backups and nodes that wait for their first check while there is a better one.

import { isEjected } from '../cluster/outlier.ts'
import type { Candidacy, Candidate, ExchangeView } from './candidacy.ts'
import { hasQueueRoom, isFull } from './full.ts'
import { bestTier, tierOf } from './usable-tier.ts'

export const usable: Candidacy = (candidates, exchange) => {
  let first = bestTier
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i] as Candidate
    const { status } = candidate
    const isOpen = status === 'ENABLED' && isUsable(candidate, exchange)
    if (!isOpen || isFullFor(candidate, exchange)) return usableOf(candidates, exchange)
    const tier = tierOf(candidate, exchange)
    if (i === 0) first = tier
    else if (tier !== first) return usableOf(candidates, exchange)
  }
  // The common case: all are usable, so the list is not copied.
  return candidates
}

/** Whether it is left in any list, whatever else is in there. */
export const isPlainlyUsable = (candidate: Candidate, exchange: ExchangeView): boolean =>
  candidate.status === 'ENABLED' &&
  isUsable(candidate, exchange) &&
  !isFullFor(candidate, exchange) &&
  tierOf(candidate, exchange) === bestTier

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

/** The candidates for which the request can wait: full ones that would be usable. */
export function fullAmong(
  candidates: readonly Candidate[],
  exchange: ExchangeView,
): readonly Candidate[] {
  const left = candidates.filter((candidate) => isUsable(candidate, exchange))
  const best = left.reduce(
    (least, candidate) => Math.min(least, tierOf(candidate, exchange)),
    Number.POSITIVE_INFINITY,
  )
  return left.filter(
    (candidate) => tierOf(candidate, exchange) === best && isFullFor(candidate, exchange),
  )
}

export const isFullFor = ({ live }: Candidate, { isQueued }: ExchangeView): boolean =>
  isFull(live, isQueued === true)

function usableOf(candidates: readonly Candidate[], exchange: ExchangeView): readonly Candidate[] {
  const open = candidates.filter((candidate) => isUsable(candidate, exchange))
  const left = withoutDisabled(open, exchange)
  let best = Number.POSITIVE_INFINITY
  for (const candidate of left) {
    // Requests wait for a full node before a backup is used.
    const counts = !isFullFor(candidate, exchange) || hasQueueRoom(candidate.live)
    if (counts) best = Math.min(best, tierOf(candidate, exchange))
  }
  return left.filter(
    (candidate) =>
      // A session waits for its own node.
      candidate.node.route === exchange.route ||
      (tierOf(candidate, exchange) === best && !isFullFor(candidate, exchange)),
  )
}

/** Whether it could get the request if it were not full. @param mayBeDown nodes that are down count as well. */
export function isUsable(candidate: Candidate, exchange: ExchangeView, mayBeDown = false): boolean {
  const { live, node, status } = candidate
  if (status === 'STOPPED' || (status === 'DISABLED' && !exchange.hasSession)) return false
  if (live.health.kind === 'down' && !mayBeDown) return false
  // A node that reports -1, or was ejected for errors, keeps its own sessions (mcmp.md decision 54).
  if ((live.loadFactor === -1 || isEjected(live.outlier)) && node.route !== exchange.route) {
    return false
  }
  return exchange.tried.length === 0 || !exchange.tried.includes(node.id)
}
