// `byAge SECONDS`: drops candidates whose last report is older. Servers that are down or overloaded stop reporting.

import { readNumber } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { ageOf } from './figures.ts'

export const byAge: Kind = {
  name: 'byAge',
  aliases: [],
  form: '[SECONDS], 20 by default',
  read: readNumber(0, 86_400, 20, (seconds) => {
    const most = seconds * 1_000
    // Cached verdict. A peer is replaced at each announcement, and so is the list of peers: while the list is the same
    // object, the oldest candidate is the first one to become too old.
    let known: readonly Candidate[] | undefined
    let knownUntil = 0
    return {
      figure: (candidate, clock) => ageOf(candidate, clock.now()) / 1_000,
      apply: (candidates, _exchange, clock) => {
        const now = clock.now()
        if (candidates === known && now <= knownUntil) return candidates
        let oldest = 0
        let arePeers = true
        for (let i = 0; i < candidates.length; i++) {
          const candidate = candidates[i] as Candidate
          const age = ageOf(candidate, now)
          if (age > most) return candidates.filter((other) => ageOf(other, now) <= most)
          if (age > oldest) oldest = age
          if (candidate.peer === undefined) arePeers = false
        }
        known = arePeers ? candidates : undefined
        knownUntil = now + most - oldest
        return candidates
      },
    }
  }),
}
