// Time and chance are given, never taken: whatever decides gets a `Clock` and a `Random`.

import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Monotonic milliseconds since an arbitrary start: for deadlines and ages. */
  now(): number
  /** Milliseconds since 1970: for what people and other machines read. */
  wall(): number
}

/** Uniform in [0, 1), as `Math.random`. */
export type Random = () => number

// `performance` is imported: the global of that name is a getter, which would be asked each time.
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
}
