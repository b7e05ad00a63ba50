// The body of an upgrade that is forwarded. Node.js parses no body of an upgrade: its bytes are those behind the head, then
// what the socket receives. Bytes of the new protocol may follow in the same piece.

import type { Socket } from 'node:net'

export class UpgradeBody {
  /** An upgrade is not tried again. */
  readonly canRestore = false
  /** Bytes behind the body. */
  rest: Buffer | undefined
  readonly #socket: Socket
  readonly #send: (bytes: Buffer) => number
  #first: Buffer | undefined
  #isListening = false

  /**
   * @param behind bytes that arrived with the head.
   * @param send sends bytes of the body; it returns the offset after the body.
   */
  constructor(socket: Socket, behind: Buffer | undefined, send: (bytes: Buffer) => number) {
    this.#socket = socket
    this.#first = behind
    this.#send = send
  }

  resume(): void {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined && first.length > 0) this.#data(first)
    if (this.rest !== undefined) return
    if (!this.#isListening) this.#socket.on('data', this.#data)
    this.#isListening = true
    this.#socket.resume()
  }

  pause(): void {
    this.#socket.pause()
  }

  end(): void {
    this.#socket.off('data', this.#data)
    this.#isListening = false
  }

  restore(): void {}

  readonly #data = (piece: Buffer): void => {
    const behind = this.#send(piece)
    if (behind === piece.length) return
    this.rest = piece.subarray(behind)
    this.#socket.pause()
    this.end()
  }
}
