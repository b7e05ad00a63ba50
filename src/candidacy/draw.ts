// Candidates drawn at random from many, for functions that compare a few instead of all.

import type { Random } from '../base/clock.ts'
import type { Candidate } from './candidacy.ts'

/** Looks for each candidate that is wanted. Where so many find too few, most candidates of the list are not admitted. */
const looksPerCandidate = 4

/** @returns `undefined` where too few are admitted. */
export function draw(
  candidates: readonly Candidate[],
  count: number,
  admits: (candidate: Candidate) => boolean,
  random: Random,
): readonly Candidate[] | undefined {
  const drawn: Candidate[] = []
  for (let looks = count * looksPerCandidate; looks > 0; looks--) {
    const candidate = candidates[Math.floor(random() * candidates.length)] as Candidate
    if (!admits(candidate) || drawn.includes(candidate)) continue
    if (drawn.push(candidate) === count) return drawn
  }
  return undefined
}
