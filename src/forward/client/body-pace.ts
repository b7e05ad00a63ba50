// By when more of a body must have arrived. A client may pause for a while, but not again and again: what it sends at
// the least rate or faster earns it new time, up to one pause. Pure. Used for request bodies, and for what is discarded
// after the last response.

export interface PaceLimits {
  /** Longest pause, ms. */
  readonly pauseMs: number
  /** Least average rate, bytes per second; 0: every byte earns a whole pause. */
  readonly minRate: number
  /** From the beginning to the end, ms. */
  readonly wholeMs: number
}

export class BodyPace {
  #limits: PaceLimits = { pauseMs: 0, minRate: 0, wholeMs: 0 }
  #moreBy = 0
  #allBy = 0
  /** Reading has stopped, so the client cannot send. */
  #stoppedAt: number | undefined

  begin(now: number, limits: PaceLimits): void {
    this.#limits = limits
    this.#moreBy = now + limits.pauseMs
    this.#allBy = now + limits.wholeMs
    this.#stoppedAt = undefined
  }

  received(now: number, bytes: number): void {
    const { pauseMs, minRate } = this.#limits
    const latest = now + pauseMs
    this.#moreBy =
      minRate === 0 ? latest : Math.min(latest, this.#moreBy + (bytes * 1_000) / minRate)
  }

  /** The time until `resume` does not count. */
  stop(now: number): void {
    this.#stoppedAt ??= now
  }

  resume(now: number): void {
    if (this.#stoppedAt === undefined) return
    this.#moreBy += now - this.#stoppedAt
    this.#allBy += now - this.#stoppedAt
    this.#stoppedAt = undefined
  }

  /** In the time of the calls before; Infinity until `resume`. */
  get deadline(): number {
    if (this.#stoppedAt !== undefined) return Number.POSITIVE_INFINITY
    return Math.min(this.#moreBy, this.#allBy)
  }
}
