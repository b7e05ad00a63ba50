// The reader of a response without an end, on the socket of its connection. It is never waited for: a reader whose bytes do
// not leave is cut and counted. Made by connection.ts.

import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { eventLimits } from '../base/limits.ts'
import type { ControlCounts } from './counts.ts'

interface Parts {
  readonly clock: Clock
  readonly counts: ControlCounts
  /** How long a MiB may take to leave, ms. */
  readonly transferMs: number
}

export class StreamReader {
  /** Its address; `unix` on a unix socket. */
  readonly remote: string
  readonly #socket: Socket
  readonly #parts: Parts
  /** Runs while bytes wait. */
  #deadline: NodeJS.Timeout | undefined
  #standsSince: number | undefined

  constructor(socket: Socket, remote: string, parts: Parts) {
    this.#socket = socket
    this.remote = remote
    this.#parts = parts
    socket.once('close', () => clearTimeout(this.#deadline))
  }

  /** For how long bytes have waited without any that left, ms; 0 when none waits. */
  get standsMs(): number {
    return this.#standsSince === undefined ? 0 : this.#parts.clock.now() - this.#standsSince
  }

  /** Of any length: what counts is how much has waited before. */
  write(text: string): void {
    const socket = this.#socket
    if (!socket.writable) return
    if (socket.writableLength > eventLimits.streamBytesMax) return this.cut('slow')
    socket.write(text, this.#onLeft)
    if (socket.writableLength === 0 || this.#deadline !== undefined) return
    const { clock, transferMs } = this.#parts
    this.#standsSince = clock.now()
    const ms = transferMs * Math.ceil(socket.writableLength / 1_048_576)
    this.#deadline = setTimeout(() => this.cut('slow'), ms)
  }

  cut(reason: 'slow' | 'room'): void {
    if (this.#socket.destroyed) return
    this.#parts.counts.countCutStream(reason)
    this.#socket.destroy()
  }

  readonly #onLeft = (): void => {
    if (this.#deadline === undefined) return
    if (this.#socket.writableLength > 0) {
      this.#standsSince = this.#parts.clock.now()
      this.#deadline.refresh()
      return
    }
    this.#standsSince = undefined
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }
}
