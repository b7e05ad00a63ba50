// `active`: leaves out standbys (load factor 0, not reported yet, or silent) while there are others. For
// cascades that do not end with `byLoadFactor`, which sees to it itself.

import { isActive } from './by-load-factor.ts'
import type { Candidacy, Candidate } from './candidacy.ts'

export const active: Candidacy = (candidates) => {
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]
    if (candidate !== undefined && !isOn(candidate)) {
      const on = candidates.filter(isOn)
      return on.length > 0 ? on : candidates
    }
  }
  return candidates
}

/** A peer has no load factor: it takes part as long as it announces itself. */
const isOn = ({ peer, live }: Candidate): boolean => peer !== undefined || isActive(live)
