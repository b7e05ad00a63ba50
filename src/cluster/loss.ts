// Packet loss from sequence numbers: classifies each arrival and estimates the share of lost ones. One object for each
// peer, with a bit for each of the last 32 numbers.

/** Weight of one number in the moving average: about the last ten count. */
const weight = 0.1
/** Missing numbers in a row that are counted at most; the average is near 1 by then. */
const gapMax = 50

/** `double`: it arrived before, or is more than 31 behind the highest. */
type SequenceState = 'new' | 'late' | 'double'

export class Loss {
  /** Share of the numbers that did not arrive, 0..1. */
  share = 0
  #highest: number
  /** Bit i: `#highest - i` has arrived. */
  #seen = 1

  /** @param first the first number that arrived; earlier ones do not count as lost. */
  constructor(first: number) {
    this.#highest = first
  }

  /** Records the arrival of a number. */
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
