// `byDelay OTHERS`: keeps the one from which an answer is expected soonest: (requests there + 1) / speed.
// This server knows its own requests; of another one it knows what it has sent there itself, and takes each
// to have as many more as the others on the list announce on average. What one of them announced about a
// moment decides nothing: it is old, and the same for all who would act upon it, who then herd.

import { readNumber } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { busyOf, inFlightOf, speedIn, usualSpeed } from './figures.ts'
import { pickLeast } from './pick.ts'

/** Nobody has less than this to do, however idle all of them were a moment ago: handing over costs something. */
const othersLeast = 0.5

export const byDelay: Kind = {
  name: 'byDelay',
  aliases: [],
  form: '[OTHERS], requests at another server that are not from here; by default what they announce',
  read: readNumber(0, 100_000, Number.NaN, (given, { random }) => ({
    figure: inFlightOf,
    apply(candidates) {
      const usual = usualSpeed(candidates)
      const others = Number.isNaN(given) ? meanOfOthers(candidates) : given
      const delay = (candidate: Candidate): number => {
        const more = candidate.peer?.isSelf === false ? others : 0
        return (inFlightOf(candidate) + more + 1) / speedIn(candidate, usual)
      }
      return pickLeast(candidates, Number.POSITIVE_INFINITY, delay, random)
    },
  })),
}

/** What the other peers on the list have in hand on average. */
function meanOfOthers(candidates: readonly Candidate[]): number {
  let sum = 0
  let count = 0
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i] as Candidate
    if (candidate.peer?.isSelf !== false) continue
    sum += busyOf(candidate)
    count++
  }
  return count === 0 ? 0 : Math.max(othersLeast, sum / count)
}
