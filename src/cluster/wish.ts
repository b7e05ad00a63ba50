// What share of the requests a node asks for by its load factor. One that stays the same is a wish of the node's
// administrator; one that moves is a measurement, some seconds old when it arrives, and counts smoothed.

/** The same load factor in so many reports makes it a constant one. */
const constantReports = 6
/** Weight of one report among measurements: more lets a node's share swing with its load. */
const smoothing = 0.1

export class Wish {
  /** Beside the other nodes' weights, 1 to 100. */
  weight = 100
  #reported = 0
  #same = 0

  /** The same in the last six reports. */
  get isConstant(): boolean {
    return this.#same >= constantReports
  }

  /** @param factor 1 to 100; standby (0) and broken (-1) ask for nothing, and what was asked for before stays. */
  report(factor: number): void {
    if (factor < 1) return
    const isFirst = this.#reported === 0
    this.#same = factor === this.#reported ? this.#same + 1 : 1
    this.#reported = factor
    if (isFirst || this.isConstant) this.weight = factor
    else this.weight += smoothing * (factor - this.weight)
  }

  /** The node asks for nothing any more. */
  forget(): void {
    this.weight = 100
    this.#reported = 0
    this.#same = 0
  }
}
