// The choice of `byRoom`: the candidate of least cost among all candidates, or among a sample of many. Allocates
// nothing.

import type { Random } from '../base/clock.ts'
import type { Usual } from '../cluster/usual.ts'
import type { Admits, Candidate, ExchangeView } from './candidacy.ts'
import { costOf } from './room-cost-of.ts'
import { canRotate, isAlike } from './room-rotation.ts'
import { shares } from './share.ts'
import { capWaiting, isCapped } from './share-cap.ts'

/** Size of the sample, consecutive candidates from a random position: its best is nearly the best of all. */
const drawn = 24
/** The best of the last choice that are compared again, so that good candidates among thousands are not lost. */
const kept = 4
/** Looks for candidates in place of drawn ones that are not admitted. */
const looksMax = 128
/** Up to this number all candidates are compared. */
export const comparedMax: number = drawn + kept

export class RoomChoice {
  readonly #random: Random
  /** Positions of the compared candidates in the list; in a sample, the best of the last choice come first. */
  readonly #positions: Int32Array = new Int32Array(comparedMax)
  readonly #costs: Float64Array = new Float64Array(comparedMax)
  /**
   * Positions of the best of the last choice among the nodes of one balancer. After a change of the list they point to
   * other nodes, which is harmless.
   */
  readonly #best: WeakMap<Usual, Int32Array> = new WeakMap()

  constructor(random: Random) {
    this.#random = random
  }

  /** @param candidates at least two, of one balancer. @param self this server, if it is a candidate. */
  choose(candidates: readonly Candidate[], now: number, self?: Candidate): Candidate {
    const { length } = candidates
    if (length <= comparedMax) {
      this.#compareAll(length)
      return this.#cheapest(candidates, 0, length, now)
    }
    this.#draw(candidates)
    if (self !== undefined) this.#positions[kept] = Math.max(0, candidates.indexOf(self))
    return this.#cheapestDrawn(candidates, now)
  }

  /** @param candidates more than `comparedMax`. @returns `undefined` where too few of them are admitted. */
  chooseDrawn(
    candidates: readonly Candidate[],
    now: number,
    exchange: ExchangeView,
    admits: Admits,
  ): Candidate | undefined {
    this.#draw(candidates)
    return this.#replaceDrawn(candidates, exchange, admits)
      ? this.#cheapestDrawn(candidates, now)
      : undefined
  }

  /** Begins at a random position, so that chance decides between equals that were chosen at the same time. */
  #compareAll(length: number): void {
    let position = Math.floor(this.#random() * length)
    for (let at = 0; at < length; at++) {
      this.#positions[at] = position
      if (++position === length) position = 0
    }
  }

  #draw(candidates: readonly Candidate[]): void {
    const { length } = candidates
    const best = this.#bestOf(candidates)
    for (let at = 0; at < kept; at++) {
      const position = best[at] as number
      this.#positions[at] = position < length ? position : 0
    }
    let position = Math.floor(this.#random() * length)
    for (let at = kept; at < comparedMax; at++) {
      this.#positions[at] = position
      if (++position === length) position = 0
    }
  }

  /** Draws others for those that are not admitted. @returns whether there were enough. */
  #replaceDrawn(candidates: readonly Candidate[], exchange: ExchangeView, admits: Admits): boolean {
    const positions = this.#positions
    let looks = 0
    for (let at = 0; at < comparedMax; at++) {
      while (!admits(candidates[positions[at] as number] as Candidate, exchange)) {
        if (++looks > looksMax) return false
        positions[at] = Math.floor(this.#random() * candidates.length)
      }
    }
    return true
  }

  #cheapestDrawn(candidates: readonly Candidate[], now: number): Candidate {
    const chosen = this.#cheapest(candidates, kept, comparedMax, now)
    this.#keepBest(this.#bestOf(candidates))
    return chosen
  }

  #bestOf(candidates: readonly Candidate[]): Int32Array {
    const { usual } = (candidates[0] as Candidate).live.room
    let best = this.#best.get(usual)
    if (best === undefined) {
      best = new Int32Array(kept)
      this.#best.set(usual, best)
    }
    return best
  }

  /** @param from the first candidate of the random sample: shares are counted within it. */
  #cheapest(candidates: readonly Candidate[], from: number, to: number, now: number): Candidate {
    const positions = this.#positions
    const costs = this.#costs
    let sum = 0
    let least = Number.POSITIVE_INFINITY
    let most = 0
    for (let at = 0; at < to; at++) {
      const candidate = candidates[positions[at] as number] as Candidate
      const { wish } = candidate.live
      const { weight } = wish
      costs[at] = costOf(candidate, now, 0)
      if (weight < least) least = weight
      if (weight > most) most = weight
      if (at >= from) sum += weight
    }
    if (least < most) this.#cap(candidates, from, to, sum, most, now)
    let best = 0
    for (let at = 1; at < to; at++) {
      if ((costs[at] as number) < (costs[best] as number)) best = at
    }
    if (candidates.length <= comparedMax) best = this.#longestIdle(candidates, best, to, most, now)
    const chosen = candidates[positions[best] as number] as Candidate
    if (least < most && isCapped(chosen.live.wish, most)) shares.of(chosen.live).spend()
    return chosen
  }

  /** Among idle nodes of about the same cost, the one whose last request is the oldest; of those, the cheapest. */
  #longestIdle(
    candidates: readonly Candidate[],
    best: number,
    to: number,
    most: number,
    now: number,
  ): number {
    const costs = this.#costs
    const cheapest = candidates[this.#positions[best] as number] as Candidate
    if (!canRotate(cheapest, now)) return best
    const least = costs[best] as number
    let chosen = best
    let { sentAt } = cheapest.live.room.trial
    const areIdle = this.#areIdle(candidates, to)
    for (let at = 0; at < to; at++) {
      const cost = costs[at] as number
      const candidate = candidates[this.#positions[at] as number] as Candidate
      const { trial } = candidate.live.room
      if (trial.sentAt > sentAt || !isAlike(candidate, cost, least, most, areIdle)) continue
      if (trial.sentAt === sentAt && cost >= (costs[chosen] as number)) continue
      if (!canRotate(candidate, now)) continue
      chosen = at
      sentAt = trial.sentAt
    }
    return chosen
  }

  #areIdle(candidates: readonly Candidate[], to: number): boolean {
    for (let at = 0; at < to; at++)
      if ((candidates[this.#positions[at] as number] as Candidate).live.room.inHand > 0)
        return false
    return true
  }

  /** Raises the cost of nodes that have had their share. */
  #cap(
    candidates: readonly Candidate[],
    from: number,
    to: number,
    sum: number,
    most: number,
    now: number,
  ): void {
    for (let at = 0; at < to; at++) {
      const candidate = candidates[this.#positions[at] as number] as Candidate
      const { live } = candidate
      const { wish } = live
      if (!isCapped(wish, most)) continue
      const share = shares.of(live)
      const earned = at < from ? 0 : wish.weight / sum
      this.#costs[at] = costOf(candidate, now, capWaiting(wish, share, earned))
      share.earn(earned)
    }
  }

  #keepBest(best: Int32Array): void {
    const positions = this.#positions
    const costs = this.#costs
    for (let place = 0; place < kept; place++) {
      let at = place
      for (let other = place + 1; other < comparedMax; other++) {
        if ((costs[other] as number) < (costs[at] as number)) at = other
      }
      best[place] = positions[at] as number
      positions[at] = positions[place] as number
      costs[at] = costs[place] as number
    }
  }
}
