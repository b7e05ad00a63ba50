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

/** The time of the last reading of another clock, for all that happens at one moment: reading a clock costs 40 ns. */
export class Moment implements Clock {
  readonly #clock: Clock
  #now = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Reads the clock. */
  update(): void {
    this.#now = this.#clock.now()
  }
  now(): number {
    return this.#now
  }
  wall(): number {
    return this.#clock.wall()
  }
}

// `performance` is imported because the global of that name is a getter, which costs a call each time.
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
}
