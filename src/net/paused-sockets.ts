// Sockets from which nothing is read at the moment, because the bytes could not be forwarded. The system reports a reset
// to a reader only, so these sockets are checked for one. Used by the connections of clients and by tunnels.

import type { Socket } from 'node:net'
import { wasReset } from '../node-internals/reset-behind-bytes.ts'

/** Time between two checks, ms. */
const checkMs = 1_000

export class PausedSockets {
  readonly #paused: Set<Socket> = new Set()
  #checkAt = 0

  add(socket: Socket): void {
    this.#paused.add(socket)
  }

  /** The socket is read again, or is closed. */
  delete(socket: Socket): void {
    if (this.#paused.size > 0) this.#paused.delete(socket)
  }

  /** Destroys the sockets that the remote side has reset. @param now ms of the ticker. */
  tick(now: number): void {
    if (now < this.#checkAt || this.#paused.size === 0) return
    this.#checkAt = now + checkMs
    for (const socket of this.#paused) {
      if (wasReset(socket)) socket.destroy(new Error('connection reset'))
    }
  }
}
