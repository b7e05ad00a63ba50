// `active`: drops standbys (load factor 0, no report yet, or silent) unless only standbys are left. For cascades that
// do not end with `byLoadFactor`, which prefers active nodes itself.

import type { NodeLive } from '../cluster/live.ts'
import type { Candidacy, Candidate } from './candidacy.ts'

export const active: Candidacy = (candidates) => {
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]
    if (candidate !== undefined && !takesPart(candidate)) {
      const active = candidates.filter(takesPart)
      return active.length > 0 ? active : candidates
    }
  }
  return candidates
}

/** Whether a node gets new requests in proportion to its load factor, so is no standby. */
export const isActive = (live: NodeLive): boolean =>
  live.loadFactor !== undefined && live.loadFactor !== 0 && !live.silent

/** Whether it is left in any list. A peer has no load factor: it takes part while it announces itself. */
export const takesPart = ({ peer, live }: Candidate): boolean =>
  peer !== undefined || isActive(live)
