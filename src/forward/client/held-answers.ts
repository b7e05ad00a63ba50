// Answers to pipelined requests, held back for a moment so that several leave in one write: a write for each costs more
// than everything else that is done for a small answer. Used by client-connection.ts.

import type { Corked } from '../../net/corks.ts'
import type { Out } from '../../wire/http/out.ts'
import type { Traffic } from '../traffic/traffic.ts'

/** Bytes held back at most. */
const heldBytesMax = 16_384

export class HeldAnswers implements Corked {
  readonly #traffic: Traffic
  readonly #send: (bytes: Uint8Array) => boolean
  #out: Out | undefined

  /** @param send returns false when the client receives more slowly than we send. */
  constructor(traffic: Traffic, send: (bytes: Uint8Array) => boolean) {
    this.#traffic = traffic
    this.#send = send
  }

  get isEmpty(): boolean {
    return this.#out === undefined
  }

  /** @returns false when bytes were sent and the client is slower. */
  add(bytes: Uint8Array): boolean {
    if (bytes.length > heldBytesMax) {
      this.uncork()
      return this.#send(bytes)
    }
    if (this.#out === undefined) {
      this.#out = this.#traffic.buffers.leaseOut()
      this.#traffic.corks.add(this)
    }
    this.#out.raw(bytes)
    return this.#out.length < heldBytesMax || this.uncork()
  }

  /** Sends the held bytes. @returns false when the client is slower. */
  uncork(): boolean {
    const out = this.#out
    if (out === undefined) return true
    this.#out = undefined
    this.#traffic.corks.delete(this)
    const isSent = this.#send(out.content)
    if (isSent) this.#traffic.buffers.releaseOut(out)
    return isSent
  }

  /** The connection is closed. */
  drop(): void {
    if (this.#out !== undefined) this.#traffic.corks.delete(this)
    this.#out = undefined
  }
}
