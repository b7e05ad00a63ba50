// How many requests may be sent a second time: a share of all requests of the last ten seconds, so that retries do
// not multiply the load of an outage.

const slotMs = 1_000
const slots = 10

/** Retries in ten seconds that are allowed whatever the share, for a proxy with little traffic. */
const freeRetries = 100

export class RetryBudget {
  readonly #share: number
  readonly #requests: number[] = new Array<number>(slots).fill(0)
  readonly #retries: number[] = new Array<number>(slots).fill(0)
  #slot = 0

  /** @param share retries per request, 0..1; 0 turns retries off. */
  constructor(share: number) {
    this.#share = share
  }

  recordRequest(now: number): void {
    this.#advance(now)
    this.#requests[this.#slot % slots] = (this.#requests[this.#slot % slots] ?? 0) + 1
  }

  /** Spends one retry. @returns false when the budget is exhausted. */
  spend(now: number): boolean {
    this.#advance(now)
    if (this.#share <= 0) return false
    if (sum(this.#retries) >= freeRetries + sum(this.#requests) * this.#share) return false
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

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
