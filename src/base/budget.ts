// So much at once, and so much in each second after that. Pure. Used for what a client may do for nothing on a connection of
// HTTP/2, and for probes of nodes.

export class Budget {
  readonly #burst: number
  readonly #rate: number
  #left: number
  #at: number

  /** @param burst units at once. @param rate units per second. @param now ms. */
  constructor(burst: number, rate: number, now: number) {
    this.#burst = burst
    this.#rate = rate
    this.#left = burst
    this.#at = now
  }

  /** Draws a unit. @returns false when there is none. */
  draw(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) * this.#rate) / 1_000)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
