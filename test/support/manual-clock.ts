// A clock that stands still until it is told to move.

import type { Clock } from '../../src/base/clock.ts'

export class ManualClock implements Clock {
  #now = 0

  now(): number {
    return this.#now
  }
  wall(): number {
    return 1_700_000_000_000 + this.#now
  }
  advance(ms: number): void {
    this.#now += ms
  }
}
