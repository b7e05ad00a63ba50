// The share of errors among the last few answers of a node, which fades when there are none.

/** Weight of one answer: five errors in a row count as two thirds. */
const weight = 0.2
/** Time in which all but a third is forgotten, ms: then the node is tried again. */
const fadeMs = 2_000

export class ErrorShare {
  #share = 0
  #at = 0

  /** @param now monotonic ms. */
  observe(isError: boolean, now: number): void {
    const share = this.at(now)
    this.#share = share + weight * ((isError ? 1 : 0) - share)
    this.#at = now
  }

  /** As it counts now, 0 to 1. */
  at(now: number): number {
    const share = this.#share
    return share < negligible ? 0 : share * Math.exp((this.#at - now) / fadeMs)
  }
}

/** Spares the exponential for the many nodes without errors. */
const negligible = 1e-4
