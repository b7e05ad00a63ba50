// What is measured of a simulation: the requests after the warm-up, but for those that take no worker.

import type { Scenario } from './scenario.ts'

export class Outcome {
  /** When each request was sent, ms. */
  readonly sentAt: Float64Array
  /** The server to which each request was sent. */
  readonly server: Int16Array
  /** Requests that are over. */
  over = 0
  /** Times of the good answers, ms; after `sort` the shortest first. */
  times: Float64Array
  readonly #measuredFrom: number
  #measured = 0
  #good = 0
  #errors = 0

  constructor({ requests, warmUp = 0.25 }: Scenario) {
    this.sentAt = new Float64Array(requests)
    this.server = new Int16Array(requests)
    this.times = new Float64Array(requests)
    this.#measuredFrom = Math.floor(requests * warmUp)
  }

  sent(request: number, server: number, now: number): void {
    this.sentAt[request] = now
    this.server[request] = server
  }

  /** @param ms `undefined` for a request whose time says nothing. */
  answered(request: number, isFailed: boolean, ms: number | undefined): void {
    this.over++
    if (ms === undefined || request < this.#measuredFrom) return
    this.#measured++
    if (isFailed) this.#errors++
    else this.times[this.#good++] = ms
  }

  sort(): void {
    this.times = this.times.subarray(0, this.#good).sort()
  }

  get mean(): number {
    return this.times.reduce((sum, ms) => sum + ms, 0) / this.times.length
  }

  /** @param share 0.99 for the time within which 99 % of the requests are answered. */
  quantile(share: number): number {
    return this.times[Math.min(this.times.length - 1, Math.floor(share * this.times.length))]!
  }

  /** Share of the requests that failed. */
  get errors(): number {
    return this.#errors / this.#measured
  }

  /** Share of the requests that the server got between two moments; by default after the warm-up. */
  shareOf(
    server: number,
    from: number = this.sentAt[this.#measuredFrom]!,
    to: number = Infinity,
  ): number {
    let all = 0
    let own = 0
    for (let request = 0; request < this.server.length; request++) {
      const at = this.sentAt[request]!
      if (at < from || at >= to) continue
      all++
      if (this.server[request] === server) own++
    }
    return own / all
  }
}
