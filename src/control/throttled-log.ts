// A warning that anybody outside can cause as often as they like: written once in `warningEveryMs`, with the
// number of warnings suppressed before it. Used by the control listener for what it refuses.

import type { Clock } from '../base/clock.ts'
import { mcmpLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'

export class ThrottledLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #message: string
  #quietUntil = Number.NEGATIVE_INFINITY
  #suppressed = 0

  constructor(log: Logger, clock: Clock, message: string) {
    this.#log = log
    this.#clock = clock
    this.#message = message
  }

  warn(detail: object): void {
    const now = this.#clock.now()
    if (now < this.#quietUntil) {
      this.#suppressed += 1
      return
    }
    this.#quietUntil = now + mcmpLimits.warningEveryMs
    const suppressed = this.#suppressed
    this.#suppressed = 0
    this.#log.warn(suppressed === 0 ? detail : { ...detail, suppressed }, this.#message)
  }
}
