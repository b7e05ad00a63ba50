// The share in use of the server's concurrency.

import type { LoadMetric, LoadRound, MetricOptions } from '../load-metric.ts'

/**
 * Share of the time in which the server processed as many requests at once as it can; with fewer in hand that time
 * counts in part. Its concurrency is estimated from its own requests. Unlike the event loop and the processors this shows
 * a server that waits for its database. Requests beyond that number and long ones, such as long polls, do not count.
 */
export function concurrencyUse(options: MetricOptions = {}): LoadMetric {
  let last: LoadRound | undefined
  return {
    name: 'concurrency-use',
    weight: options.weight,
    read(round) {
      const before = last
      last = round
      if (before === undefined || round.nowMs <= before.nowMs) return undefined
      return (round.busyMs - before.busyMs) / (round.nowMs - before.nowMs)
    },
  }
}
