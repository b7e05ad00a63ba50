// Rate limit for log lines that remote parties can cause: a few in each `warningEveryMs`, each with the number of lines
// suppressed before it. Used for the listeners' refusals.

import type { Clock } from './clock.ts'
import { logLimits } from './limits.ts'
import type { Logger } from './log.ts'

export class ThrottledLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #message: string
  readonly #linesMax: number
  #periodEnds = Number.NEGATIVE_INFINITY
  #lines = 0
  #suppressed = 0

  /** @param linesMax lines in one period. */
  constructor(log: Logger, clock: Clock, message: string, linesMax: number = 1) {
    this.#log = log
    this.#clock = clock
    this.#message = message
    this.#linesMax = linesMax
  }

  warn(detail: object): void {
    this.#write('warn', detail)
  }

  info(detail: object): void {
    this.#write('info', detail)
  }

  #write(level: 'warn' | 'info', detail: object): void {
    const now = this.#clock.now()
    if (now >= this.#periodEnds) {
      this.#periodEnds = now + logLimits.warningEveryMs
      this.#lines = 0
    }
    if (++this.#lines > this.#linesMax) {
      this.#suppressed += 1
      return
    }
    const suppressed = this.#suppressed
    this.#suppressed = 0
    this.#log[level](suppressed === 0 ? detail : { ...detail, suppressed }, this.#message)
  }
}

/**
 * A log that passes on at most `linesMax` lines of any kind in each `warningEveryMs`; the first line of the next period
 * has the number of lines suppressed. Used where remote parties cause lines with different messages.
 */
export function throttled(log: Logger, clock: Clock, linesMax: number): Logger {
  let periodEnds = Number.NEGATIVE_INFINITY
  let lines = 0
  let suppressed = 0
  const at = (level: keyof Logger) => (detail: object, message: string) => {
    const now = clock.now()
    if (now >= periodEnds) {
      periodEnds = now + logLimits.warningEveryMs
      lines = 0
    }
    if (++lines > linesMax) {
      suppressed += 1
      return
    }
    const fields = suppressed === 0 ? detail : { ...detail, suppressed }
    suppressed = 0
    log[level](fields, message)
  }
  return { debug: log.debug.bind(log), info: at('info'), warn: at('warn'), error: at('error') }
}
