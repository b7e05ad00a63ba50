// Stable sorting by a figure: equals keep the order in which they came, which is a random one behind
// `byRandom`. The list that came is left as it was.

import type { Candidate } from './candidacy.ts'

type Figure = (candidate: Candidate) => number

/** Up to this many are sorted by insertion, which is the quicker for few. */
const insertionMax = 64

/** Least first. A figure that is not a number counts as the greatest. */
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
  // Not by a difference: two infinities have none.
  order.sort((a, b) => {
    const [x, y] = [figures[a] as number, figures[b] as number]
    return x < y ? -1 : x > y ? 1 : 0
  })
  return order.map((index) => list[index] as Candidate)
}
