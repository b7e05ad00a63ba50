// The tally of the demo's clients: all requests and failures, and the answers of each node in the last ten seconds for
// its share and latency. Written by clients.ts, read by demo.ts.

import type { Clock } from '../../base/clock.ts'

/** Window of shares and percentiles, ms. */
const windowMs = 10_000

/** Upper limit of answers kept for one node: far above a window at 100 requests a second. */
const samplesMax = 5_000

export interface NodeTally {
  readonly requests: number
  /** Of the requests in the window, 0..1. */
  readonly share: number
  /** Milliseconds; undefined without a request in the window. */
  readonly p50: number | undefined
  readonly p99: number | undefined
}

interface Sample {
  readonly at: number
  readonly ms: number
}

export class Tally {
  requests = 0
  failed = 0
  /** The last failure in words. */
  lastFailure: string | undefined
  readonly #clock: Clock
  readonly #samples: Map<string, Sample[]> = new Map()
  readonly #totals: Map<string, number> = new Map()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  answered(node: string, ms: number): void {
    this.requests++
    this.#totals.set(node, (this.#totals.get(node) ?? 0) + 1)
    const samples = this.#samples.get(node) ?? []
    samples.push({ at: this.#clock.now(), ms })
    if (samples.length > samplesMax) samples.shift()
    this.#samples.set(node, samples)
  }

  failure(what: string): void {
    this.requests++
    this.failed++
    this.lastFailure = what
  }

  /** One entry for each of these nodes, in their order. */
  of(nodes: readonly string[]): readonly NodeTally[] {
    const since = this.#clock.now() - windowMs
    const recent = nodes.map((node) => {
      const samples = (this.#samples.get(node) ?? []).filter((sample) => sample.at >= since)
      this.#samples.set(node, samples)
      return samples.map((sample) => sample.ms).sort((a, b) => a - b)
    })
    const all = recent.reduce((sum, samples) => sum + samples.length, 0)
    return nodes.map((node, index) => {
      const samples = recent[index] ?? []
      return {
        requests: this.#totals.get(node) ?? 0,
        share: all === 0 ? 0 : samples.length / all,
        p50: percentile(samples, 0.5),
        p99: percentile(samples, 0.99),
      }
    })
  }
}

/** The nearest-rank percentile of sorted numbers. */
function percentile(sorted: readonly number[], rank: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * rank) - 1)]
}
