// Responses of the proxy itself, in the log: a line for each reason now and then, however many there are.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { ThrottledLog } from '../../base/throttled-log.ts'

/** Of slow clients, of nodes that fail or are missing, and of limits that were reached; others are mistakes of clients. */
const warned: ReadonlySet<number> = new Set([408, 502, 503, 504])

export class RefusalLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #byReason: Map<string, ThrottledLog> = new Map()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /**
   * @param code of the response, its reason.
   * @param client address.
   */
  write(
    { status, code }: { readonly status: number; readonly code: string },
    client: string,
  ): void {
    if (!warned.has(status)) return
    let throttled = this.#byReason.get(code)
    if (throttled === undefined) {
      throttled = new ThrottledLog(this.#log, this.#clock, 'request not served')
      this.#byReason.set(code, throttled)
    }
    throttled.warn({ status, reason: code, client })
  }
}
