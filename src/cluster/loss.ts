// Which numbers of a counted row arrived: tells doubles from late ones, and how many are lost. One for each
// peer; a bit for each of the last 32 numbers.

/** Share of the past that each number takes over: about the last ten count. */
const weight = 0.1
/** More missing numbers than this in a row say nothing new. */
const gapMax = 50

export type SequenceState = 'new' | 'late' | 'double'

export class Loss {
  /** Share of the numbers that did not arrive, 0..1. */
  share = 0
  #highest: number
  /** Bit i: `#highest - i` has arrived. */
  #seen = 1

  /** @param first the first number that arrived; the ones before are not missed. */
  constructor(first: number) {
    this.#highest = first
  }

  /** Takes note of a number. Too old to tell counts as a double. */
  arrived(number: number): SequenceState {
    const ahead = number - this.#highest
    if (ahead <= 0) return this.#behind(-ahead)
    this.#highest = number
    this.#seen = ahead > 31 ? 1 : (this.#seen << ahead) | 1
    for (let missing = Math.min(ahead - 1, gapMax); missing > 0; missing--) {
      this.share += (1 - this.share) * weight
    }
    this.share -= this.share * weight
    if (this.share < 1e-4) this.share = 0
    return 'new'
  }

  #behind(steps: number): SequenceState {
    const bit = steps > 31 ? -1 : 1 << steps
    if ((this.#seen & bit) !== 0) return 'double'
    this.#seen |= bit
    this.share = Math.max(0, this.share - weight)
    return 'late'
  }
}
