// Counts and logs the marks that are not accepted: once in a while for each reason, because every request has one where
// the keys or addresses of two peers do not fit.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { MarkRefusal } from './marks.ts'

/** Time between two log lines about one reason, ms. */
const logEveryMs = 600_000

const reasons: Readonly<Record<MarkRefusal, string>> = {
  form: 'the mark is malformed',
  signature: 'no key that is set here has signed it',
  time: 'it is older than skewMs, or the clocks differ',
  source: 'it is not signed, and no peer announces this address',
}

export class RefusedMarks {
  readonly #counts: { refusedMarks: number }
  readonly #clock: Clock
  readonly #log: Logger
  readonly #loggedAt: Map<MarkRefusal, number> = new Map()

  constructor(counts: { refusedMarks: number }, clock: Clock, log: Logger) {
    this.#counts = counts
    this.#clock = clock
    this.#log = log
  }

  /** @param from address of the sender. */
  report(refusal: MarkRefusal, from: string): void {
    const soFar = ++this.#counts.refusedMarks
    const now = this.#clock.now()
    if (now - (this.#loggedAt.get(refusal) ?? Number.NEGATIVE_INFINITY) < logEveryMs) return
    this.#loggedAt.set(refusal, now)
    const message = 'hand-over not accepted as one: the request is served here'
    this.#log.warn({ from, reason: reasons[refusal], soFar }, message)
  }
}
