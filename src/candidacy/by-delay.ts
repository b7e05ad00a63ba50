// `byDelay OTHERS`: keeps the one from which an answer is expected soonest: (requests there + 1) / speed.
// This server knows its own requests; of another one it knows what it has sent there itself, and takes it
// to have so many more. What others last announced about the moment is not looked at: it is old, and the
// same for all who would act upon it (balancing by a common snapshot herds).

import { readNumber } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { speedIn, usualSpeed } from './figures.ts'
import { pickLeast } from './pick.ts'

export const byDelay: Kind = {
  name: 'byDelay',
  aliases: [],
  form: '[OTHERS], requests at another server that are not from here, 1 by default',
  read: readNumber(0, 1_000, 1, (others, { random }) => ({
    figure: (candidate) => candidate.live.inFlight,
    apply(candidates, _exchange) {
      const usual = usualSpeed(candidates)
      const delay = (candidate: Candidate): number => {
        const more = candidate.peer?.isSelf === false ? others : 0
        return (candidate.live.inFlight + more + 1) / speedIn(candidate, usual)
      }
      return pickLeast(candidates, Number.POSITIVE_INFINITY, delay, random)
    },
  })),
}
