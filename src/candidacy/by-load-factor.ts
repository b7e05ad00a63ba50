// `byLoadFactor`: mod_cluster's proportional rule (mcmp.md 3.3). The node with the smallest score gets
// the request, where score = requests since the last recalculation x 1000 / load factor + share of
// the window before. Standbys (load factor 0, not reported yet, or silent) come after all others.

import type { NodeLive } from '../cluster/live.ts'
import type { Candidacy, Candidate } from './candidacy.ts'

/** LBstatusRecalTime of mod_cluster, ms. */
export const byLoadFactorWindowMs = 5_000

const nobody: readonly Candidate[] = []

export const byLoadFactor: Candidacy = (candidates) => {
  let best: Candidate | undefined
  let bestScore = Number.POSITIVE_INFINITY
  let standby: Candidate | undefined
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i] as Candidate
    const { live } = candidate
    if (!isActive(live)) {
      live.joining = true
      standby ??= candidate
      continue
    }
    if (live.joining) align(candidates, live)
    const score = scoreOf(live)
    if (score < bestScore) {
      best = candidate
      bestScore = score
    }
  }
  return (best ?? standby)?.alone ?? nobody
}

/** The node takes new requests as its load factor says. */
export const isActive = (live: NodeLive): boolean =>
  live.loadFactor !== undefined && live.loadFactor !== 0 && !live.silent

/** A node at -1 gets here only with its own session; it is served as the fullest there is. */
const factorOf = (live: NodeLive): number => Math.max(1, live.loadFactor ?? 1)

const windowShare = (live: NodeLive): number =>
  Math.floor(((live.elected - live.oldElected) * 1000) / factorOf(live))

const scoreOf = (live: NodeLive): number => windowShare(live) + live.lbStatus

/**
 * A node that comes, or comes back, begins level with the least loaded: it gets its share from now on,
 * and is not flooded with what it missed (mcmp.md decision 55).
 */
function align(candidates: readonly Candidate[], newcomer: NodeLive): void {
  let least = Number.POSITIVE_INFINITY
  for (const { live } of candidates) {
    if (live !== newcomer && !live.joining && isActive(live)) least = Math.min(least, scoreOf(live))
  }
  newcomer.joining = false
  newcomer.oldElected = newcomer.elected
  newcomer.lbStatus = Number.isFinite(least) ? least : 0
}

/**
 * Ends a window for the nodes of one balancer; called every 5 s (LBstatusRecalTime). What a node had
 * above the least of them is carried over, at most the share of this window, so that nobody who was
 * level before is preferred after.
 */
export function recalculate(nodes: readonly NodeLive[]): void {
  const active = nodes.filter((live) => isActive(live) && !live.joining)
  const least = Math.min(...active.map(scoreOf))
  for (const live of active) {
    live.lbStatus = Math.min(windowShare(live), scoreOf(live) - least)
    live.oldElected = live.elected
  }
}
