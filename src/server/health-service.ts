// The listener for health checks alone, where the configuration has one; a reload may move it. Used by start-serving.ts.

import { isDeepStrictEqual } from 'node:util'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { socketPathOf } from '../base/unix-address.ts'
import { ControlCounts } from '../control/counts.ts'
import { HealthListener, type Readiness } from '../control/health-listener.ts'
import type { ListenAddress } from '../net/listen-at.ts'
import { SocketFiles } from '../net/socket-file.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'

interface Open {
  readonly listener: HealthListener
  /** As configured. */
  readonly at: ListenAddress
  readonly address: HostPort
}

export class HealthService {
  /** Of this listener and of the control listener. */
  readonly counts: ControlCounts = new ControlCounts()
  readonly #log: Logger
  #open: Open | undefined
  #readiness: Readiness = 'starting'
  readonly #files: SocketFiles = new SocketFiles()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Absent when there is none. */
  get address(): HostPort | undefined {
    return this.#open?.address
  }

  /**
   * Listens there, and nowhere else. Rejects with a `TopspinError` when that is not possible; then nothing changes.
   * @param kept its socket, where another process has opened it.
   */
  async use(
    at: ListenAddress | undefined,
    kept: ListenHandle | undefined = undefined,
  ): Promise<void> {
    const before = this.#open
    if (isDeepStrictEqual(at, before?.at)) return
    // The file of a unix socket has one listener, so another mode or owner needs the place.
    const isSamePlace = before !== undefined && at && hostPortText(at) === hostPortText(before.at)
    if (isSamePlace) await this.#closed(before)
    this.#open = at && (await this.#listenAt(at, kept))
    if (before !== undefined && !isSamePlace) await this.#closed(before)
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
    this.#files.leaveAll()
    this.#open?.listener.stopAccepting()
  }

  async close(): Promise<void> {
    if (this.#open !== undefined) await this.#closed(this.#open)
  }

  async #closed({ listener, at }: Open): Promise<void> {
    await listener.close()
    const path = socketPathOf(at.host)
    if (path !== undefined) this.#files.remove(path)
  }

  async #listenAt(at: ListenAddress, kept: ListenHandle | undefined): Promise<Open> {
    const listener = new HealthListener(this.counts, this.#log)
    const address = await listener.open(at, kept)
    const path = socketPathOf(at.host)
    if (path !== undefined) this.#files.add(path)
    listener.become(this.#readiness)
    return { listener, at, address }
  }
}
