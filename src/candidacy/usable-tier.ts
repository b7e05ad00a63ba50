// Tiers of fixed nodes: only the best tier that is left gets requests. Used by `usable`.

import type { Candidate } from './candidacy.ts'

/** Nodes that are checked and no backups: all registered nodes, and most fixed ones. */
export const bestTier = 0
const waitsForCheck = 1
const isBackup = 2

/** A lower tier is better: nodes, nodes that wait for their first check, backups, backups that wait. */
export function tierOf({ live, node }: Candidate): number {
  const { own } = node
  if (own === undefined) return bestTier
  const waits = own.awaitsCheck && live.health.kind === 'unchecked'
  return (own.backup ? isBackup : 0) + (waits ? waitsForCheck : 0)
}
