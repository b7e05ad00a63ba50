// `byAge SECONDS`: drops who has not told its figures for longer; the dead and the overloaded fall silent.

import { readNumber } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { ageOf } from './figures.ts'

export const byAge: Kind = {
  name: 'byAge',
  aliases: [],
  form: '[SECONDS], 20 by default',
  read: readNumber(0, 86_400, 20, (seconds) => ({
    figure: (candidate, clock) => ageOf(candidate, clock.now()) / 1_000,
    apply: (candidates, _exchange, clock) => {
      const most = seconds * 1_000
      const now = clock.now()
      for (let i = 0; i < candidates.length; i++) {
        if (ageOf(candidates[i] as Candidate, now) > most) {
          return candidates.filter((other) => ageOf(other, now) <= most)
        }
      }
      return candidates
    },
  })),
}
