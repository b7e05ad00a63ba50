// Peak-sensitive moving average of a server's latency (Finagle's rule): a slow answer counts at once and
// in full, quick ones make up for it slowly; what nobody asks for is forgotten, so that it is tried again.

export interface Latency {
  /** As of `at`; 0 before the first answer. */
  ms: number
  /** Of the last answer, monotonic ms. */
  at: number
}

export const newLatency = (): Latency => ({ ms: 0, at: 0 })

/** Time in which all but a third is forgotten, ms. */
const decayMs = 10_000

/** Notes a good answer: errors that come fast must not make a server look fast. */
export function observeLatency(latency: Latency, ms: number, now: number): void {
  const kept = Math.exp(-Math.max(0, now - latency.at) / decayMs)
  latency.ms = ms >= latency.ms ? ms : latency.ms * kept + ms * (1 - kept)
  latency.at = now
}

/** As it counts now, ms; 0 when nothing is known. */
export function latencyNow(latency: Latency, now: number): number {
  return latency.ms * Math.exp(-Math.max(0, now - latency.at) / decayMs)
}
