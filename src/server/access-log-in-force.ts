// The access log of a process that serves traffic, which a reload replaces. Used by in-process.ts and
// workers/traffic-worker.ts.

import type { ReverseProxy } from '../proxy/index.ts'
import type { AccessLog } from './access-log.ts'

export class AccessLogInForce {
  readonly #proxy: Pick<ReverseProxy, 'replaceAccessLog'>
  readonly #open: (destination: string) => AccessLog | Promise<AccessLog>
  #destination = 'off'
  #log: AccessLog | undefined

  /** @param open opens a file or `stdout`. */
  constructor(
    proxy: Pick<ReverseProxy, 'replaceAccessLog'>,
    open: (destination: string) => AccessLog | Promise<AccessLog>,
  ) {
    this.#proxy = proxy
    this.#open = open
  }

  /** @param destination a file, `stdout` or `off`. Rejects when it cannot be opened; then nothing changes. */
  async replace(destination: string): Promise<void> {
    if (destination === this.#destination) return
    const next = destination === 'off' ? undefined : await this.#open(destination)
    const before = this.#log
    this.#destination = destination
    this.#log = next
    this.#proxy.replaceAccessLog(next && ((entry) => next.write(entry)))
    await before?.close()
  }

  /** Opens a file again by its name. */
  reopen(): void {
    void this.#log?.reopen()
  }

  /** Writes the remaining lines; resolves at a deadline, too. */
  async close(): Promise<void> {
    await this.#log?.close()
  }
}
