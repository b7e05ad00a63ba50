// Schedules trials of a node that gets no requests: its figures may be outdated, or come from requests that never end.
// The response to a trial replaces them. Trials of a node that stays slow become rarer.

/** Time without a request or a response before a trial, ms. */
const waitMinMs = 2_000
/** The same after repeated slow trials, ms: a permanently slow node costs one request in this time. */
const waitMaxMs = 32_000
/** A response is slow when it took more than this multiple of the usual time. */
const slowTimes = 2
/** A slow response below this share of the node's earlier service time still shows that the node has changed. */
const changedShare = 0.5

export class Trial {
  #waitMs = waitMinMs
  /** Time of the last response below status 500, monotonic ms; -1 before the first. */
  #answeredAt = -1
  #sentAt = -1
  /** When the request of the running trial was sent, monotonic ms; infinity without a trial. */
  #triedAt: number = Number.POSITIVE_INFINITY

  /** False before the node's first response. @param now monotonic ms. */
  isDue(now: number): boolean {
    return this.#answeredAt >= 0 && now > this.dueAt
  }

  /** When the next trial is due unless a request or a response comes before, monotonic ms. */
  get dueAt(): number {
    return Math.max(this.#answeredAt, this.#sentAt) + this.#waitMs
  }

  /** When the last request was sent, monotonic ms; -1 before the first. */
  get sentAt(): number {
    return this.#sentAt
  }

  /** A request is sent to the node. */
  sent(now: number): void {
    if (this.isDue(now)) {
      this.#triedAt = now
      this.#waitMs = Math.min(2 * this.#waitMs, waitMaxMs)
    }
    this.#sentAt = now
  }

  /**
   * A response with a status below 500. @param sentAt when its request was sent. @param usualMs 0 if unknown.
   * @param knownMs the node's service time before this response.
   * @returns whether a trial shows a change, so that this response replaces the node's figures.
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

/** For a server that counts all of its requests itself: its figures stay valid while it is idle. */
export class NoTrial extends Trial {
  override isDue(): boolean {
    return false
  }
}
