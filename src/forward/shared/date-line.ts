// The field line `Date` for responses that come without one [RFC 9110 6.6.1]. Written once a second at most.

import type { Clock } from '../../base/clock.ts'

export class DateLine {
  readonly #clock: Clock
  #second = Number.NaN
  #bytes: Buffer = Buffer.alloc(0)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** With its line end. */
  get bytes(): Buffer {
    const second = Math.floor(this.#clock.wall() / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#bytes = Buffer.from(`Date: ${new Date(second * 1_000).toUTCString()}\r\n`)
    }
    return this.#bytes
  }
}
