// Clock and randomness as parameters: code that makes decisions receives them, so that tests can control them.

import { performance } from 'node:perf_hooks'

export interface Clock {
  /** Monotonic milliseconds since an arbitrary start: for deadlines and ages. */
  now(): number
  /** Milliseconds since 1970: for logs and for messages to other machines. */
  wall(): number
}

/** Uniform in [0, 1), as `Math.random`. */
export type Random = () => number

// `performance` is imported because the global of that name is a getter, which costs a call each time.
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
}
