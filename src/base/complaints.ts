// Tells a lasting trouble once, again when it becomes another one, and once more when it is over: what fails
// at every beat of a timer must not fill the log. Called by whatever goes on in spite of failures.

import type { Logger } from './log.ts'

/** Troubles remembered; whoever complains about more things at a time is told some of them again. */
const troublesMax = 1_000

export class Complaints {
  readonly #log: Logger
  readonly #told: Map<string, string> = new Map()

  constructor(log: Logger) {
    this.#log = log
  }

  /** @param about what is in trouble; @param trouble which one, usually an error's code. */
  tell(about: string, trouble: string, detail: object, message: string): void {
    if (this.#told.get(about) === trouble) return
    if (this.#told.size >= troublesMax) this.#told.clear()
    this.#told.set(about, trouble)
    this.#log.warn(detail, message)
  }

  /** Says so if there was something to tell about it. */
  over(about: string, detail: object, message: string): void {
    if (this.#told.delete(about)) this.#log.info(detail, message)
  }
}
