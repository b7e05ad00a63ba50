// The choice that `byRoom` makes: the least cost among all candidates, or among some of many. It allocates nothing.

import type { Random } from '../base/clock.ts'
import type { Usual } from '../cluster/usual.ts'
import type { Candidate } from './candidacy.ts'
import { costOf } from './room-cost-of.ts'
import { aboutTheSame, canRotate, isUntried } from './room-rotation.ts'
import { shares } from './share.ts'
import { capWaiting, isCapped } from './share-cap.ts'

/** Of many candidates so many in a row are looked at, from a random one on: the best is nearly the best of all. */
const drawn = 24
/** So many of the best of the last choice are looked at again: what is good among thousands is not lost. */
const kept = 4
/** Up to so many candidates all are looked at. */
export const lookedMax: number = drawn + kept

export class RoomChoice {
  readonly #random: Random
  /** The candidates that are looked at, as positions in the list; of many the best of the last choice first. */
  readonly #positions: Int32Array = new Int32Array(lookedMax)
  readonly #costs: Float64Array = new Float64Array(lookedMax)
  /**
   * Positions of the best of the last choice among the nodes of one balancer. After a change of the list they are
   * those of other nodes, which does no harm.
   */
  readonly #best: WeakMap<Usual, Int32Array> = new WeakMap()

  constructor(random: Random) {
    this.#random = random
  }

  /** @param candidates two at least, of one balancer. @param self this server, when it is one of them. */
  choose(candidates: readonly Candidate[], now: number, self?: Candidate): Candidate {
    const { length } = candidates
    if (length <= lookedMax) {
      this.#lookAtAll(length)
      return this.#cheapest(candidates, 0, length, now)
    }
    const best = this.#bestOf((candidates[0] as Candidate).live.room.usual)
    this.#draw(length, best)
    if (self !== undefined) this.#positions[kept] = Math.max(0, candidates.indexOf(self))
    const chosen = this.#cheapest(candidates, kept, lookedMax, now)
    this.#keepBest(best)
    return chosen
  }

  /** From a random one on, so that chance decides between equals that were chosen at the same time. */
  #lookAtAll(length: number): void {
    let position = Math.floor(this.#random() * length)
    for (let at = 0; at < length; at++) {
      this.#positions[at] = position
      if (++position === length) position = 0
    }
  }

  #draw(length: number, best: Int32Array): void {
    for (let at = 0; at < kept; at++) {
      const position = best[at] as number
      this.#positions[at] = position < length ? position : 0
    }
    let position = Math.floor(this.#random() * length)
    for (let at = kept; at < lookedMax; at++) {
      this.#positions[at] = position
      if (++position === length) position = 0
    }
  }

  #bestOf(usual: Usual): Int32Array {
    let best = this.#best.get(usual)
    if (best === undefined) {
      best = new Int32Array(kept)
      this.#best.set(usual, best)
    }
    return best
  }

  /** @param from the first that is looked at by chance: shares are counted among those. */
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
    if (candidates.length <= lookedMax) best = this.#longestIdle(candidates, best, to, now)
    const chosen = candidates[positions[best] as number] as Candidate
    if (least < most && isCapped(chosen.live.wish, most)) shares.of(chosen.live).spend()
    return chosen
  }

  /** Of idle nodes that cost about the same the one whose last request is the longest ago. */
  #longestIdle(candidates: readonly Candidate[], best: number, to: number, now: number): number {
    if (!canRotate(candidates[this.#positions[best] as number] as Candidate, now)) return best
    const limit = aboutTheSame(this.#costs[best] as number)
    let chosen = best
    let sentAt = Number.POSITIVE_INFINITY
    for (let at = 0; at < to; at++) {
      const candidate = candidates[this.#positions[at] as number] as Candidate
      if ((this.#costs[at] as number) > limit && !isUntried(candidate)) continue
      const { trial } = candidate.live.room
      if (trial.sentAt < sentAt && canRotate(candidate, now)) {
        chosen = at
        sentAt = trial.sentAt
      }
    }
    return chosen
  }

  /** A node that has had its share costs more. */
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
      for (let other = place + 1; other < lookedMax; other++) {
        if ((costs[other] as number) < (costs[at] as number)) at = other
      }
      best[place] = positions[at] as number
      positions[at] = positions[place] as number
      costs[at] = costs[place] as number
    }
  }
}
