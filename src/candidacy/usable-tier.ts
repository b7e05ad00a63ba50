// Tiers of fixed nodes: only the best tier that is left gets requests. Used by `usable`.

import type { Candidate, ExchangeView } from './candidacy.ts'

/** Nodes that are checked and no backups: all registered nodes, and most fixed ones. */
export const bestTier = 0
const waitsForCheck = 1
const isBackup = 2

/**
 * A lower tier is better: nodes, nodes that wait for their first check, backups, backups that wait. The key of a session
 * does not wait: processes learn of checks at different moments, and must agree about its node.
 */
export function tierOf(
  { live, node }: Candidate,
  { affinity }: Pick<ExchangeView, 'affinity'>,
): number {
  const { own } = node
  if (own === undefined) return bestTier
  const waits = affinity === undefined && own.awaitsCheck && live.health.kind === 'unchecked'
  return (own.backup ? isBackup : 0) + (waits ? waitsForCheck : 0)
}
