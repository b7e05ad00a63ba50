// The listener for health checks alone, where the configuration has one; a reload may move it. Used by serving.ts.

import { type HostPort, hostPortText } from '../base/host-port.ts'
import { HealthListener, type Readiness } from '../control/health-listener.ts'

interface Open {
  readonly listener: HealthListener
  /** As configured. */
  readonly at: HostPort
  readonly address: HostPort
}

export class HealthService {
  #open: Open | undefined
  #readiness: Readiness = 'starting'

  /** Absent when there is none. */
  get address(): HostPort | undefined {
    return this.#open?.address
  }

  /** Listens there, and nowhere else. Rejects with a `TopspinError` when that is not possible; then nothing changes. */
  async use(at: HostPort | undefined): Promise<void> {
    const before = this.#open
    const isSame = at !== undefined && before !== undefined
    if (isSame && hostPortText(at) === hostPortText(before.at)) return
    this.#open = at && (await this.#listenAt(at))
    await before?.listener.close()
  }

  become(readiness: Readiness): void {
    this.#readiness = readiness
    this.#open?.listener.become(readiness)
  }

  async close(): Promise<void> {
    await this.#open?.listener.close()
  }

  async #listenAt(at: HostPort): Promise<Open> {
    const listener = new HealthListener()
    const address = await listener.open(at)
    listener.become(this.#readiness)
    return { listener, at, address }
  }
}
