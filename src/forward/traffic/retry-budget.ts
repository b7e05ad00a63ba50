// How many requests may be sent a second time: a share of all, so that an outage is not multiplied by
// those who try to hide it. Counted over the last ten seconds.

const slotMs = 1_000
const slots = 10

export class RetryBudget {
  readonly #share: number
  readonly #requests: number[] = new Array<number>(slots).fill(0)
  readonly #retries: number[] = new Array<number>(slots).fill(0)
  #slot = 0

  /** @param share retries for each request, 0..1; `floor` retries are free in any case. */
  constructor(share: number) {
    this.#share = share
  }

  request(now: number): void {
    this.#advance(now)
    this.#requests[this.#slot % slots] = (this.#requests[this.#slot % slots] ?? 0) + 1
  }

  /** Takes one retry out of the budget; false when it is spent. */
  take(now: number): boolean {
    this.#advance(now)
    if (this.#share <= 0) return false
    if (sum(this.#retries) >= floor + sum(this.#requests) * this.#share) return false
    this.#retries[this.#slot % slots] = (this.#retries[this.#slot % slots] ?? 0) + 1
    return true
  }

  #advance(now: number): void {
    const slot = Math.floor(now / slotMs)
    if (slot === this.#slot) return
    for (let s = Math.max(this.#slot + 1, slot - slots + 1); s <= slot; s++) {
      this.#requests[s % slots] = 0
      this.#retries[s % slots] = 0
    }
    this.#slot = slot
  }
}

/** Retries in ten seconds that a proxy with little traffic may make. */
const floor = 100

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
