// One body on its way through the proxy, in either direction: knows where it ends, and turns one
// framing into the other where the two sides differ. Pure.

import { ChunkedRelay, writeChunk, writeLastChunk } from './chunked.ts'
import type { Out } from './out.ts'
import type { Framing } from './response-head.ts'

/** What the side that the body goes to shall see. */
export type Rewriting =
  /** The same framing. */
  | 'same'
  /** Chunked becomes plain bytes, for a client that does not know chunks. */
  | 'decode'
  /** Bytes until the end of the connection become chunks. */
  | 'encode'

export class BodyRelay {
  done = true
  framing: Framing = 'none'
  #rewriting: Rewriting = 'same'
  #left = 0
  readonly #chunks: ChunkedRelay = new ChunkedRelay()

  /** @param length bytes, for the framing `length`. */
  begin(framing: Framing, length: number, rewriting: Rewriting): void {
    this.framing = framing
    this.#rewriting = rewriting
    this.#left = length
    this.done = framing === 'none' || (framing === 'length' && length === 0)
    if (framing === 'chunked') this.#chunks.reset(rewriting === 'decode')
  }

  /** All of bytes[at..end) belongs to the body and may be sent on as it is; then it counts as read. */
  passes(at: number, end: number): boolean {
    switch (this.framing) {
      case 'length':
        if (end - at > this.#left) return false
        this.#left -= end - at
        this.done = this.#left === 0
        return true
      case 'chunked':
        return this.#chunks.passes(at, end)
      case 'close':
        return this.#rewriting !== 'encode'
      case 'none':
        return false
    }
  }

  /** Adds to `out` what bytes[at..end) means to the other side; returns the offset behind the body's part, or a problem. */
  relay(bytes: Buffer, at: number, end: number, out: Out): number {
    if (this.done) return at
    switch (this.framing) {
      case 'length': {
        const to = Math.min(end, at + this.#left)
        out.copy(bytes, at, to)
        this.#left -= to - at
        this.done = this.#left === 0
        return to
      }
      case 'chunked': {
        const to = this.#chunks.relay(bytes, at, end, out)
        this.done = this.#chunks.done
        return to
      }
      case 'close':
        if (this.#rewriting === 'encode') writeChunk(bytes, at, end, out)
        else out.copy(bytes, at, end)
        return end
      case 'none':
        return at
    }
  }

  /** The connection ended in good order. @returns whether the body is complete by that. */
  finish(out: Out): boolean {
    if (this.framing !== 'close') return this.done
    this.done = true
    if (this.#rewriting === 'encode') writeLastChunk(out)
    return true
  }
}
