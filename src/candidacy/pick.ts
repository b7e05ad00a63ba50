// The best candidate by a figure, of all or of a few drawn at random; equals as chance will have it. It
// allocates nothing: for functions that stand last.

import type { Random } from '../base/clock.ts'
import type { Candidate } from './candidacy.ts'

type Figure = (candidate: Candidate) => number

/** @returns the one with the smallest figure, as a list; all of them when there is nothing to choose. */
export function pickLeast(
  candidates: readonly Candidate[],
  choices: number,
  figure: Figure,
  random: Random,
): readonly Candidate[] {
  const count = candidates.length
  if (count < 2) return candidates
  // A scan of all of them from a random one on, or draws with repetition, which do as well.
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
