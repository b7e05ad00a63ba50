// The candidate with the smallest figure, out of all or of a few drawn at random; ties are broken at random. Allocates
// nothing. For functions at the end of a cascade.

import type { Random } from '../base/clock.ts'
import type { Candidate } from './candidacy.ts'

type Figure = (candidate: Candidate) => number

/**
 * @param choices number of draws; the whole list is scanned when it is not smaller than the list.
 * @returns a list of the one candidate; the given list when it has fewer than two.
 */
export function pickLeast(
  candidates: readonly Candidate[],
  choices: number,
  figure: Figure,
  random: Random,
): readonly Candidate[] {
  const count = candidates.length
  if (count < 2) return candidates
  // Scan all from a random start, or draw with repetition, which balances as well as without.
  const draws = choices < count
  const first = Math.floor(random() * count)
  let best = candidates[first] as Candidate
  let least = figure(best)
  for (let n = 1; n < (draws ? choices : count); n++) {
    const at = draws ? Math.floor(random() * count) : first + n
    const candidate = candidates[at < count ? at : at - count] as Candidate
    const value = figure(candidate)
    if (value < least) {
      best = candidate
      least = value
    }
  }
  return best.alone
}
