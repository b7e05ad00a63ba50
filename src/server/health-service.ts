// The listener for health checks alone, where the configuration has one; a reload may move it. Used by serving.ts.

import { type HostPort, hostPortText } from '../base/host-port.ts'
import { HealthListener, type Readiness } from '../control/health-listener.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'

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

  /**
   * Listens there, and nowhere else. Rejects with a `TopspinError` when that is not possible; then nothing changes.
   * @param kept its socket, where another process has opened it.
   */
  async use(at: HostPort | undefined, kept: ListenHandle | undefined = undefined): Promise<void> {
    const before = this.#open
    const isSame = at !== undefined && before !== undefined
    if (isSame && hostPortText(at) === hostPortText(before.at)) return
    this.#open = at && (await this.#listenAt(at, kept))
    await before?.listener.close()
  }

  /** Its handle on the socket, for another process. */
  get handle(): ListenHandle | undefined {
    return this.#open?.listener.handle
  }

  become(readiness: Readiness): void {
    this.#readiness = readiness
    this.#open?.listener.become(readiness)
  }

  /** Another process answers the checks from now on. */
  stopAccepting(): void {
    this.#open?.listener.stopAccepting()
  }

  async close(): Promise<void> {
    await this.#open?.listener.close()
  }

  async #listenAt(at: HostPort, kept: ListenHandle | undefined): Promise<Open> {
    const listener = new HealthListener()
    const address = await listener.open(at, kept)
    listener.become(this.#readiness)
    return { listener, at, address }
  }
}
