// The requests of this process that operators follow, in small batches. Used by in-process.ts and workers/traffic-worker.ts
// while somebody follows.

import { tailLimits } from '../../base/limits.ts'
import {
  isFollowed,
  type RequestFilter,
  type SeenRequests,
} from '../../control/requests/request-filter.ts'
import type { AccessEntry } from '../../proxy/index.ts'

export class RequestTail {
  readonly #filters: readonly RequestFilter[]
  readonly #report: Report
  readonly #timer: NodeJS.Timeout
  #requests: AccessEntry[] = []
  #skipped = 0
  #isReporting = false

  constructor(filters: readonly RequestFilter[], report: Report) {
    this.#filters = filters
    this.#report = report
    this.#timer = setInterval(() => this.flush(), tailLimits.everyMs).unref()
  }

  readonly add = (entry: AccessEntry): void => {
    if (!this.#filters.some((filter) => isFollowed(filter, entry))) return
    if (this.#requests.length < tailLimits.requestsMax) this.#requests.push(shortened(entry))
    else this.#skipped += 1
  }

  flush(): void {
    if (this.#requests.length === 0 || this.#isReporting) return
    const seen = { requests: this.#requests, skipped: this.#skipped }
    this.#requests = []
    this.#skipped = 0
    this.#isReporting = true
    this.#report(seen, () => {
      this.#isReporting = false
    })
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

/** @param done the report has been received, and another one may follow. */
export type Report = (seen: SeenRequests, done: () => void) => void

const shortened = (entry: AccessEntry): AccessEntry => ({
  ...entry,
  target: entry.target.slice(0, tailLimits.textMax),
  host: entry.host.slice(0, tailLimits.textMax),
  fields: [],
})
