// Lines of the log about the link to one proxy: each change once, and nothing for attempts that fail for the same
// reason. Used by links.ts.

import type { Logger } from '../base/log.ts'
import type { LinkState } from './link-state.ts'

export class LinkLog {
  readonly #proxy: string
  readonly #route: string
  readonly #log: Logger
  #reason: string | undefined

  constructor(proxy: string, route: string, log: Logger) {
    this.#proxy = proxy
    this.#route = route
    this.#log = log
  }

  report({ kind, ...detail }: LinkState): void {
    const fields = { proxy: this.#proxy, route: this.#route, state: kind, ...detail }
    const reason = 'reason' in detail ? detail.reason : undefined
    const isRetry = 'failures' in detail && detail.failures > 0
    if (!isRetry) this.#log.info(fields, 'proxy link changed')
    else if (kind === 'discover' && (detail.failures === 1 || reason !== this.#reason))
      this.#log.warn(fields, 'not registered with proxy; retrying')
    if (reason !== undefined) this.#reason = reason
  }
}
