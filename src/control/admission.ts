// Admission to the control listener: which addresses may connect, and how many connections and requests in
// progress one address may have. The listener calls it for each connection, the responder for each request.

import { ThrottledLog } from '../base/throttled-log.ts'
import { plainAddress } from '../net/address.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'

interface Usage {
  connections: number
  requests: number
}

export class Admission {
  readonly #settings: ControlSettings
  readonly #connectionsMax: number
  readonly #requestsMax: number
  readonly #counts: ControlCounts
  readonly #notAllowed: ThrottledLog
  readonly #overLimit: ThrottledLog
  /** Remote addresses with an open connection or a request in progress. */
  readonly #byAddress: Map<string, Usage> = new Map()

  constructor(settings: ControlSettings, counts: ControlCounts) {
    const { limits, log, clock } = settings
    this.#settings = settings
    this.#connectionsMax = limits.sourceConnectionsMax
    this.#requestsMax = limits.sourceMessagesMax
    this.#counts = counts
    this.#notAllowed = new ThrottledLog(log, clock, 'connection refused: address not allowed')
    this.#overLimit = new ThrottledLog(log, clock, 'refused: too much at a time from one address')
  }

  /** Whether an address may connect now. */
  isAllowed(remote: string): boolean {
    return this.#settings.checks.admits(plainAddress(remote))
  }

  /** After true, `releaseConnection` follows; after false the connection has to be closed at once. */
  admitConnection(remote: string): boolean {
    if (!this.isAllowed(remote)) {
      this.#counts.countRefusal('address')
      this.#notAllowed.warn({ remote })
      return false
    }
    const usage = this.#byAddress.get(remote) ?? { connections: 0, requests: 0 }
    if (usage.connections >= this.#connectionsMax) return this.#refuse(remote)
    usage.connections += 1
    this.#byAddress.set(remote, usage)
    return true
  }

  releaseConnection(remote: string): void {
    const usage = this.#byAddress.get(remote)
    if (usage === undefined) return
    usage.connections -= 1
    this.#forget(remote, usage)
  }

  /** After true, `releaseRequest` follows. */
  admitRequest(remote: string): boolean {
    const usage = this.#byAddress.get(remote)
    if (usage === undefined || usage.requests >= this.#requestsMax) return this.#refuse(remote)
    usage.requests += 1
    return true
  }

  releaseRequest(remote: string): void {
    const usage = this.#byAddress.get(remote)
    if (usage === undefined) return
    usage.requests -= 1
    this.#forget(remote, usage)
  }

  /** A request in progress may outlive its connection. */
  #forget(remote: string, { connections, requests }: Usage): void {
    if (connections === 0 && requests === 0) this.#byAddress.delete(remote)
  }

  #refuse(remote: string): false {
    this.#counts.countRefusal('source')
    this.#overLimit.warn({ remote })
    return false
  }
}
