// Logs a lasting failure once, again when its cause changes, and once more when it is over, so that what fails at every
// tick of a timer does not fill the log.

import type { Logger } from './log.ts'

/** Failures that are remembered; with more, some are logged again. */
const failuresMax = 1_000

export class OutageLog {
  readonly #log: Logger
  /** The cause that was logged last, by subject. */
  readonly #causes: Map<string, string> = new Map()

  constructor(log: Logger) {
    this.#log = log
  }

  /** @param subject what fails; @param cause why, usually the code of an error. */
  report(subject: string, cause: string, detail: object, message: string): void {
    if (this.#causes.get(subject) === cause) return
    if (this.#causes.size >= failuresMax) this.#causes.clear()
    this.#causes.set(subject, cause)
    this.#log.warn(detail, message)
  }

  /** Logs the end of a failure, if there was one. */
  resolve(subject: string, detail: object, message: string): void {
    if (this.#causes.delete(subject)) this.#log.info(detail, message)
  }
}
