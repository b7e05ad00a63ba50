// `byDelay OTHERS`: keeps the candidate with the least expected delay, (requests there + 1) / speed. The number of
// requests is exact for this server. For another server it is this process's requests in flight there, plus the average
// that the other peers on the list announce. The count announced by one peer is not used alone: it is old, and every
// sender sees the same value, so all of them would choose the same server at once.

import { readNumber } from './arguments.ts'
import type { Candidate, Kind } from './candidacy.ts'
import { busyOf, inFlightOf, speedIn, usualSpeed } from './figures.ts'
import { pickLeast } from './pick.ts'

/** Least number of requests assumed at another server, since handing over has a cost even when all are idle. */
const othersLeast = 0.5

export const byDelay: Kind = {
  name: 'byDelay',
  aliases: [],
  form: '[OTHERS], requests at another server that are not from here; default: the announced average',
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

/** Average number of requests in service at the other peers on the list. */
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
