// The share of requests that a node's load factor requests. A constant load factor is set by an administrator; a moving
// one is a measurement that is seconds old when it arrives, and is smoothed.

/** Equal reports in a row that make a load factor constant. */
const constantReports = 6
/**
 * Weight of one report of a moving load factor. A greater weight would let the node's share oscillate with its load.
 */
const smoothing = 0.1

export class Wish {
  /** Relative to the other nodes' weights, 1 to 100. */
  weight = 100
  #reported = 0
  #same = 0

  /** Whether the last six reports were equal. */
  get isConstant(): boolean {
    return this.#same >= constantReports
  }

  /** @param factor 1 to 100; standby (0) and broken (-1) leave the weight unchanged. */
  report(factor: number): void {
    if (factor < 1) return
    const isFirst = this.#reported === 0
    this.#same = factor === this.#reported ? this.#same + 1 : 1
    this.#reported = factor
    if (isFirst || this.isConstant) this.weight = factor
    else this.weight += smoothing * (factor - this.weight)
  }

  /** A weight of the configuration. @param weight above 0, at most 100. */
  fix(weight: number): void {
    this.weight = weight
    this.#reported = 0
    this.#same = constantReports
  }

  /** Discards the reports: the node requests no share. */
  forget(): void {
    this.weight = 100
    this.#reported = 0
    this.#same = 0
  }
}
