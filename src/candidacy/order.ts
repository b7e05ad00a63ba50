// Stable sorting by a figure: ties keep their order, which is random behind `byRandom`. The given list is not modified.

import type { Candidate } from './candidacy.ts'

type Figure = (candidate: Candidate) => number

/** Lists up to this length are sorted by insertion, which is faster for few elements. */
const insertionMax = 64

/** Smallest figure first; NaN counts as infinity. */
export function leastFirst(candidates: readonly Candidate[], figure: Figure): readonly Candidate[] {
  if (candidates.length < 2) return candidates
  const figures: number[] = []
  let isSorted = true
  for (let i = 0; i < candidates.length; i++) {
    const value = figure(candidates[i] as Candidate)
    figures.push(Number.isNaN(value) ? Infinity : value)
    if (i > 0 && (figures[i - 1] as number) > (figures[i] as number)) isSorted = false
  }
  if (isSorted) return candidates
  return candidates.length <= insertionMax
    ? byInsertion(candidates.slice(), figures)
    : byIndex(candidates, figures)
}

function byInsertion(list: Candidate[], figures: number[]): Candidate[] {
  for (let i = 1; i < list.length; i++) {
    const candidate = list[i] as Candidate
    const value = figures[i] as number
    let at = i
    for (; at > 0 && (figures[at - 1] as number) > value; at--) {
      figures[at] = figures[at - 1] as number
      list[at] = list[at - 1] as Candidate
    }
    figures[at] = value
    list[at] = candidate
  }
  return list
}

function byIndex(list: readonly Candidate[], figures: readonly number[]): Candidate[] {
  const order = list.map((_, index) => index)
  // No subtraction: the difference of two infinities is NaN.
  order.sort((a, b) => {
    const [x, y] = [figures[a] as number, figures[b] as number]
    return x < y ? -1 : x > y ? 1 : 0
  })
  return order.map((index) => list[index] as Candidate)
}
