// Draws some peers at random, each at most once.

import type { Random } from '../../base/clock.ts'
import type { Candidate } from '../../cluster/routes.ts'

/** @returns up to `count` of the candidates without `self`. */
export function drawOthers(
  candidates: readonly Candidate[],
  self: Candidate,
  count: number,
  random: Random,
): Candidate[] {
  const { length } = candidates
  const drawn: Candidate[] = []
  // Selection sampling would read all of them; Floyd's algorithm reads `count`, and skips this server.
  const positions: number[] = []
  const own = candidates.indexOf(self)
  const others = own < 0 ? length : length - 1
  for (let last = Math.max(0, others - count); last < others; last++) {
    const at = Math.floor(random() * (last + 1))
    positions.push(positions.includes(at) ? last : at)
  }
  for (const at of positions) {
    drawn.push(candidates[own >= 0 && at >= own ? at + 1 : at] as Candidate)
  }
  return drawn
}
