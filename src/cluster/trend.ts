// How many requests there were in a stretch of time, and how long they took: the difference between two states of a row of
// histograms (times.ts). Pure. Used by control/trends.ts.

import { requestHistograms, statusClasses } from './times.ts'

export interface Trend {
  /** Requests that ended, in one second. */
  readonly perSecond: number
  /** Those of them with a status of 500 or more. */
  readonly errorsPerSecond: number
  /** Half of them took no longer, ms, as the buckets allow to say; `null` when there were none. */
  readonly p50Ms: number | null
  /** 99 of 100 took no longer, ms. */
  readonly p99Ms: number | null
}

/** Requests in one second that were sent to a node more than once. @param now, before, ms as for `trendOf`; of a row of requests. */
export function retriedPerSecond(
  now: Float64Array,
  before: Float64Array | undefined,
  ms: number,
): number {
  const { at: first, bounds } = requestHistograms.attempts
  let retried = 0
  for (let bucket = 0; bucket <= bounds.length; bucket++) {
    if ((bounds[bucket] ?? Number.POSITIVE_INFINITY) <= 1) continue
    const at = first + bucket
    retried += (now[at] ?? 0) - (before?.[at] ?? 0)
  }
  return rounded(retried / (Math.max(ms, 1) / 1_000))
}

/** Both kinds of rows have the durations in the same place. */
const { duration } = requestHistograms
const serverErrors = statusClasses.indexOf('5xx')

/**
 * @param now the values of a row of times of requests or of a node.
 * @param before its values at the begin of the stretch; `undefined`: it did not exist.
 * @param ms length of the stretch.
 */
export function trendOf(now: Float64Array, before: Float64Array | undefined, ms: number): Trend {
  const grown = (at: number): number => (now[at] ?? 0) - (before?.[at] ?? 0)
  let requests = 0
  for (let at = 0; at < statusClasses.length; at++) requests += grown(at)
  const seconds = Math.max(ms, 1) / 1_000
  return {
    perSecond: rounded(requests / seconds),
    errorsPerSecond: rounded(grown(serverErrors) / seconds),
    p50Ms: quantile(grown, 0.5),
    p99Ms: quantile(grown, 0.99),
  }
}

/** Values within a bucket are taken for evenly spread, as Prometheus does. */
function quantile(grown: (at: number) => number, share: number): number | null {
  const { at: first, bounds } = duration
  let all = 0
  for (let bucket = 0; bucket <= bounds.length; bucket++) all += grown(first + bucket)
  if (all <= 0) return null
  const rank = share * all
  let below = 0
  for (const [bucket, bound] of bounds.entries()) {
    const count = grown(first + bucket)
    if (count > 0 && below + count >= rank) {
      const from = bounds[bucket - 1] ?? 0
      return rounded(from + ((rank - below) / count) * (bound - from))
    }
    below += count
  }
  // Longer than the last bound.
  return bounds.at(-1) ?? null
}

/** Three digits behind the point. */
const rounded = (value: number): number => Number(value.toFixed(3))
