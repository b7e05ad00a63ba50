// The share of requests that a node's load factor requests. A constant load factor is set by an administrator; a moving
// one is a measurement that is seconds old when it arrives, and is smoothed.

/** Equal reports in a row that make a load factor constant. */
const constantReports = 6
/**
 * Weight of one report of a moving load factor. A greater weight would let the node's share oscillate with its load.
 */
const smoothing = 0.1

export class Wish {
  /** Relative to the other nodes' weights: above 0, at most 100. */
  weight = 100
  /** The part of it that an operator lets it have: above 0, at most 1. */
  scale = 1
  /** `weight` at a scale of 1. */
  #whole = 100
  #reported = 0
  #same = 0

  /** Whether a person has set it: the last six reports were equal, or there is a scale. */
  get isConstant(): boolean {
    return this.scale < 1 || this.#same >= constantReports
  }

  /** @param factor 1 to 100; standby (0) and broken (-1) leave the weight unchanged. */
  report(factor: number): void {
    if (factor < 1) return
    const isFirst = this.#reported === 0
    this.#same = factor === this.#reported ? this.#same + 1 : 1
    this.#reported = factor
    const isSame = this.#same >= constantReports
    this.#set(isFirst || isSame ? factor : this.#whole + smoothing * (factor - this.#whole))
  }

  /** A weight of the configuration. @param weight above 0, at most 100. */
  fix(weight: number): void {
    this.#set(weight)
    this.#reported = 0
    this.#same = constantReports
  }

  /** Discards the reports: the node requests no share. */
  forget(): void {
    this.#set(100)
    this.#reported = 0
    this.#same = 0
  }

  /** The order of an operator. @param scale above 0, at most 1. */
  scaleTo(scale: number): void {
    this.scale = scale
    this.#set(this.#whole)
  }

  #set(whole: number): void {
    this.#whole = whole
    this.weight = whole * this.scale
  }
}
