// Peak-sensitive moving average of a server's latency (Finagle's peak EWMA): a higher latency counts at once and in full,
// lower ones reduce the average slowly. It decays over time, so that a server that gets no requests is tried again.

export interface Latency {
  /** The average at the time `at`, ms; 0 before the first response. */
  ms: number
  /** Time of the last response, monotonic ms. */
  at: number
}

export const newLatency = (): Latency => ({ ms: 0, at: 0 })

/** Time constant of the decay, ms: after it 37 % are left. */
const decayMs = 10_000

/** Records the latency of a successful response, ms. Errors are not recorded: fast ones would make a server look fast. */
export function observeLatency(latency: Latency, ms: number, now: number): void {
  const kept = Math.exp(-Math.max(0, now - latency.at) / decayMs)
  latency.ms = ms >= latency.ms ? ms : latency.ms * kept + ms * (1 - kept)
  latency.at = now
}

/** The decayed average at `now`, ms; 0 when nothing is known. */
export function latencyNow(latency: Latency, now: number): number {
  return latency.ms * Math.exp(-Math.max(0, now - latency.at) / decayMs)
}
