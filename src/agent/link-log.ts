// Lines of the log about the link to one proxy: joined, away, not reached, left. A failure that lasts is one line, and
// one more for each other cause. Used by links.ts.

import type { Logger } from '../base/log.ts'
import type { LinkState } from './link-state.ts'

/** Causes of one outage that are logged. */
const causesMax = 8

export class LinkLog {
  readonly #fields: { readonly proxy: string; readonly route: string }
  readonly #log: Logger
  #hasJoined = false
  #isReached = true
  /** Causes of the present outage that have been logged. */
  readonly #causes: Set<string> = new Set()
  /** Why the last registration ended. */
  #lost: string | undefined

  constructor(proxy: string, route: string, log: Logger) {
    this.#fields = { proxy, route }
    this.#log = log
  }

  /** @param before the state that this one follows. @param address of this node in its registration, as host:port. */
  report(before: LinkState, state: LinkState, address: string | undefined): void {
    switch (state.kind) {
      case 'discover':
        return this.#failed(state)
      case 'report':
        if (before.kind !== 'report') this.#joined(address)
        return this.#reached(state, address)
      case 'gone':
        return this.#left(before, state.reason)
      default:
    }
  }

  #failed({ failures, reason = 'unknown' }: Extract<LinkState, { kind: 'discover' }>): void {
    // The first attempt after a registration follows at once.
    if (failures === 0) this.#lost = reason
    if (failures === 0 || this.#causes.has(reason) || this.#causes.size >= causesMax) return
    this.#causes.add(reason)
    this.#log.warn({ ...this.#fields, reason }, 'not registered with proxy; retrying')
  }

  #joined(address: string | undefined): void {
    const again = this.#hasJoined
    const fields = { ...this.#fields, address, ...(again ? { reason: this.#lost } : {}) }
    this.#log.info(fields, again ? 'node joined again' : 'node joined')
    this.#hasJoined = true
    this.#isReached = true
    this.#causes.clear()
  }

  #reached(state: Extract<LinkState, { kind: 'report' }>, address: string | undefined): void {
    const { reachable, reason } = state
    const fields = { ...this.#fields, address }
    if (!reachable) this.#log.warn({ ...fields, reason }, 'proxy cannot connect to this node')
    else if (!this.#isReached) this.#log.info(fields, 'proxy connects to this node again')
    this.#isReached = reachable
  }

  #left(before: LinkState, reason: string | undefined): void {
    if (before.kind === 'drain' && reason !== undefined)
      this.#log.warn({ ...this.#fields, reason }, 'node left without a reply of the proxy')
    else this.#log.info({ ...this.#fields, reason }, 'node left')
  }
}
