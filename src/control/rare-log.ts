// A warning that somebody outside can bring about as often as they like: told at most once in a while, with
// how many there were. Used by the control listener for what it refuses.

import type { Clock } from '../base/clock.ts'
import { mcmpLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'

export class RareLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #text: string
  #quietUntil = Number.NEGATIVE_INFINITY
  #untold = 0

  constructor(log: Logger, clock: Clock, text: string) {
    this.#log = log
    this.#clock = clock
    this.#text = text
  }

  warn(detail: object): void {
    const now = this.#clock.now()
    if (now < this.#quietUntil) {
      this.#untold += 1
      return
    }
    this.#quietUntil = now + mcmpLimits.warningEveryMs
    this.#log.warn(this.#untold === 0 ? detail : { ...detail, before: this.#untold }, this.#text)
    this.#untold = 0
  }
}
