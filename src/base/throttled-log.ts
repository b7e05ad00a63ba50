// Rate limit for log lines that remote parties can cause: a few in each `warningEveryMs`, each with the number of lines
// suppressed before it. Used for the listeners' refusals.

import type { Clock } from './clock.ts'
import { logLimits } from './limits.ts'
import type { Logger } from './log.ts'

export class ThrottledLog {
  readonly #log: Logger
  readonly #message: string

  /** @param linesMax lines in one period. */
  constructor(log: Logger, clock: Clock, message: string, linesMax: number = 1) {
    this.#log = throttled(log, clock, linesMax)
    this.#message = message
  }

  warn(detail: object): void {
    this.#log.warn(detail, this.#message)
  }

  info(detail: object): void {
    this.#log.info(detail, this.#message)
  }
}

/**
 * A log that passes on at most `linesMax` lines of any kind in each `warningEveryMs`; the first line of the next period
 * has the number of lines suppressed. Used where remote parties cause lines with different messages.
 */
export const throttled = (log: Logger, clock: Clock, linesMax: number): Logger =>
  new ThrottledLogger(log, clock, linesMax)

/** Without functions of its own: a proxy has one for each of thousands of nodes. */
class ThrottledLogger implements Logger {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #linesMax: number
  #periodEnds = Number.NEGATIVE_INFINITY
  #lines = 0
  #suppressed = 0

  constructor(log: Logger, clock: Clock, linesMax: number) {
    this.#log = log
    this.#clock = clock
    this.#linesMax = linesMax
  }

  debug(detail: object, message: string): void {
    this.#log.debug(detail, message)
  }

  info(detail: object, message: string): void {
    this.#write('info', detail, message)
  }

  warn(detail: object, message: string): void {
    this.#write('warn', detail, message)
  }

  error(detail: object, message: string): void {
    this.#write('error', detail, message)
  }

  #write(level: 'info' | 'warn' | 'error', detail: object, message: string): void {
    const now = this.#clock.now()
    if (now >= this.#periodEnds) {
      this.#periodEnds = now + logLimits.warningEveryMs
      this.#lines = 0
    }
    if (++this.#lines > this.#linesMax) {
      this.#suppressed += 1
      return
    }
    const fields = this.#suppressed === 0 ? detail : { ...detail, suppressed: this.#suppressed }
    this.#suppressed = 0
    this.#log[level](fields, message)
  }
}
