// When a node that gets no requests is tried again. What is known of it may be old, or about requests that never end, so
// the answer to a trial replaces that. A node that is still slow is tried less and less often.

/** Time without a request or an answer before a trial, ms. */
const waitMinMs = 2_000
/** After one trial in vain after the other: a node that is slow for good costs one request in this time. */
const waitMaxMs = 32_000
/** An answer that took more than so many times what is usual is a slow one. */
const slowTimes = 2
/** One that took less than this share of what was known shows that the node has changed, even if it is slow. */
const changedShare = 0.5

export class Trial {
  #waitMs = waitMinMs
  /** When the last good answer came; -1 before the first. */
  #answeredAt = -1
  #sentAt = 0
  /** When the request of the trial was sent that is under way. */
  #triedAt: number = Number.POSITIVE_INFINITY

  /** Never for a node of which nothing is known. @param now monotonic ms. */
  isDue(now: number): boolean {
    return this.#answeredAt >= 0 && now > this.dueAt
  }

  /** When the next trial is due if nothing is sent or answered before, monotonic ms. */
  get dueAt(): number {
    return Math.max(this.#answeredAt, this.#sentAt) + this.#waitMs
  }

  /** When the last request was sent, monotonic ms; 0 before the first. */
  get sentAt(): number {
    return this.#sentAt
  }

  /** A request goes to the node. */
  sent(now: number): void {
    if (this.isDue(now)) {
      this.#triedAt = now
      this.#waitMs = Math.min(2 * this.#waitMs, waitMaxMs)
    }
    this.#sentAt = now
  }

  /**
   * A good answer came. @param sentAt when its request was sent. @param usualMs 0 when not known. @param knownMs what the
   * node was known to take before.
   * @returns whether it was a trial that shows a change, so that it replaces what was known.
   */
  answered(sentAt: number, usualMs: number, knownMs: number, now: number): boolean {
    this.#answeredAt = now
    if (sentAt < this.#triedAt) return false
    this.#triedAt = Number.POSITIVE_INFINITY
    const ms = now - sentAt
    const isSlow = usualMs > 0 && ms > slowTimes * usualMs
    if (!isSlow) this.#waitMs = waitMinMs
    return !isSlow || ms < changedShare * knownMs
  }
}

/** Of a server that counts its own requests, all of them: what is known of it stays true while it is idle. */
export class NoTrial extends Trial {
  override isDue(): boolean {
    return false
  }
}
