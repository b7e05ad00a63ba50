// A limit of events in one second. Used where network input or load could cause work without bound.

export class SecondLimit {
  readonly #most: number
  #since: number = Number.NEGATIVE_INFINITY
  #count = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Counts one event. @param now monotonic ms. @returns false when it is beyond the limit. */
  admits(now: number): boolean {
    if (now - this.#since >= 1_000) {
      this.#since = now
      this.#count = 0
    }
    return ++this.#count <= this.#most
  }
}
