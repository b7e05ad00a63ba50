// The room for client connections of all listeners together. When it is used up, a connection without a complete request
// leaves for the newcomer, or one that waits between two requests; requests under way are never cut.

import { ThrottledLog } from '../base/throttled-log.ts'
import { countClosing } from '../cluster/traffic-counts.ts'
import type { Traffic } from '../forward/index.ts'

export class ClientRoom {
  /** Connections now. */
  open = 0
  /** One for each listener: closes an idle connection. @returns false when it finds none. */
  readonly idle: Set<() => boolean> = new Set()
  readonly #traffic: Traffic
  readonly #full: ThrottledLog

  constructor(traffic: Traffic) {
    this.#traffic = traffic
    this.#full = new ThrottledLog(traffic.log, traffic.clock, 'no room for more client connections')
  }

  /** Counts a connection. @returns false when it must be closed, because there is no room. */
  admit(address: string): boolean {
    const { counters, clientsMax } = this.#traffic
    if (this.open >= clientsMax) {
      const isMade = this.#makeRoom(address)
      this.#full.warn({ limit: clientsMax, client: address, refused: !isMade })
      if (!isMade) {
        counters.connectionsRefused++
        return false
      }
    }
    this.open++
    return true
  }

  #makeRoom(newcomer: string): boolean {
    const { arriving, ticker, counters } = this.#traffic
    const displaced = arriving.displace(newcomer, ticker.now)
    if (displaced !== undefined) {
      countClosing(counters, 'displaced')
      displaced.destroy()
      return true
    }
    for (const closeIdle of this.idle) {
      if (!closeIdle()) continue
      countClosing(counters, 'idle')
      return true
    }
    return false
  }
}
