// The last failures of a node, with their reasons, in a list of limited length. Each process keeps those that it has met;
// the primary adds up those of the workers (live-sums.ts). Pure.

import { failureLimits } from '../base/limits.ts'

/** An attempt that ended without a complete response, or a probe that failed. */
export interface NodeFailure {
  /** ms since 1970. */
  readonly at: number
  /** As in the access log; `PROBE` for a probe. */
  readonly code: string
  readonly reason: string
  /** Method and path of the request, without its query; '' for a probe. */
  readonly request: string
}

export class RecentFailures {
  readonly #failures: NodeFailure[] = []
  /** How many at the end of the list were not collected yet. */
  #fresh = 0

  add(failure: NodeFailure): void {
    this.#failures.push(failure)
    if (this.#failures.length > failureLimits.keptMax) this.#failures.shift()
    this.#fresh = Math.min(this.#fresh + 1, failureLimits.keptMax)
  }

  /** The oldest first. */
  get all(): readonly NodeFailure[] {
    return this.#failures
  }

  /** Those since the last call. */
  collect(): readonly NodeFailure[] {
    const fresh = this.#fresh === 0 ? none : this.#failures.slice(-this.#fresh)
    this.#fresh = 0
    return fresh
  }
}

const none: readonly NodeFailure[] = []
