// A token bucket for each key, in one number: when the bucket will be full again (GCRA). For one process and one rule.

import { ruleLimits } from '../../base/limits.ts'
import type { RateLimitSettings } from './rule-settings.ts'

export class RateLimiter {
  /** Milliseconds in which one token is added. */
  readonly #eachMs: number
  /** Milliseconds in which an empty bucket is full. */
  readonly #wholeMs: number
  /**
   * When each bucket is full, ms of the clock, in two generations. One table in the order of use would cost more with each
   * key that leaves it: V8 skips all entries that were deleted before the first one.
   */
  #recent: Map<string, number> = new Map()
  #older: Map<string, number> = new Map()
  readonly #generationMax: number

  /**
   * @param keysMax buckets at a time, at least 2. Those of the half of them that were used last are kept; any other one may
   *   be full again.
   */
  constructor(
    { requests, perMs, burst }: RateLimitSettings,
    keysMax: number = ruleLimits.bucketsMax,
  ) {
    this.#eachMs = perMs / requests
    this.#wholeMs = this.#eachMs * burst
    this.#generationMax = Math.floor(keysMax / 2)
  }

  /** Buckets that are kept. */
  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** Takes a token. @param now ms of the clock. @returns 0, or how long until there is one, ms. */
  take(key: string, now: number): number {
    const recent = this.#recent.get(key)
    const before = Math.max(now, recent ?? this.#older.get(key) ?? 0)
    if (recent === undefined && this.#recent.size >= this.#generationMax) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    const after = before + this.#eachMs
    // A part of a microsecond, so that sums of fractions do not keep a token back.
    const waitMs = after - now - this.#wholeMs - 1e-6
    this.#recent.set(key, waitMs > 0 ? before : after)
    return Math.max(0, waitMs)
  }
}
