// A token bucket for each key, in one number: when the bucket will be full again (GCRA). For one process and one rule.

import { ruleLimits } from '../../base/limits.ts'
import type { RateLimitSettings } from './rule-settings.ts'

export class RateLimiter {
  /** Milliseconds in which one token is added. */
  readonly #eachMs: number
  /** Milliseconds in which an empty bucket is full. */
  readonly #wholeMs: number
  /** When each bucket is full, ms of the clock. The one that was used last is last. */
  readonly #fullAt: Map<string, number> = new Map()
  readonly #keysMax: number

  /** @param keysMax buckets at a time; for a further one, the one that was used least recently is full again. */
  constructor(
    { requests, perMs, burst }: RateLimitSettings,
    keysMax: number = ruleLimits.bucketsMax,
  ) {
    this.#eachMs = perMs / requests
    this.#wholeMs = this.#eachMs * burst
    this.#keysMax = keysMax
  }

  get size(): number {
    return this.#fullAt.size
  }

  /** Takes a token. @param now ms of the clock. @returns 0, or how long until there is one, ms. */
  take(key: string, now: number): number {
    const before = Math.max(now, this.#fullAt.get(key) ?? 0)
    const after = before + this.#eachMs
    // A part of a microsecond, so that sums of fractions do not keep a token back.
    const waitMs = after - now - this.#wholeMs - 1e-6
    this.#fullAt.delete(key)
    this.#fullAt.set(key, waitMs > 0 ? before : after)
    if (this.#fullAt.size > this.#keysMax) this.#forgetOldest()
    return Math.max(0, waitMs)
  }

  #forgetOldest(): void {
    for (const oldest of this.#fullAt.keys()) {
      this.#fullAt.delete(oldest)
      return
    }
  }
}
