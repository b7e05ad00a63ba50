// Relays one body, in either direction: finds its end, and changes the framing where the two sides need different ones. Pure.

import { ChunkedRelay, writeChunk, writeLastChunk } from './chunked.ts'
import type { Fields } from './fields.ts'
import type { Out } from './out.ts'
import type { Framing } from './response-head.ts'

/** How the framing is changed on the way. */
export type Rewriting =
  /** Not at all. */
  | 'same'
  /** Chunks become plain bytes, for a client of HTTP/1.0 or of a protocol with frames of its own. */
  | 'decode'
  /** Bytes that end with the connection become chunks. */
  | 'encode'

export class BodyRelay {
  done = true
  framing: Framing = 'none'
  #rewriting: Rewriting = 'same'
  #left = 0
  readonly #chunks: ChunkedRelay = new ChunkedRelay()

  /** Starts another body. @param length in bytes, for the framing `length`. */
  begin(framing: Framing, length: number, rewriting: Rewriting): void {
    this.framing = framing
    this.#rewriting = rewriting
    this.#left = length
    this.done = framing === 'none' || (framing === 'length' && length === 0)
    if (framing === 'chunked') this.#chunks.reset(rewriting === 'decode')
  }

  /** The trailers of a body that was decoded, when it has ended; valid as long as the bytes that were relayed last. */
  get trailers(): Fields | undefined {
    return this.framing === 'chunked' ? this.#chunks.trailers : undefined
  }

  /** Bytes of data in chunks so far, without their framing; 0 in other framings. */
  get chunkedBytes(): number {
    return this.framing === 'chunked' ? this.#chunks.dataBytes : 0
  }

  /** Whether all of bytes[at..end) is body and can be sent unchanged; if so it counts as relayed. */
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

  /** Relays bytes[at..end) into `out`. @returns the offset after the body's part, or a problem (negative). */
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

  /** The connection, or the stream, ended without an error. @returns whether the body is complete. */
  finish(out: Out, trailers?: Fields): boolean {
    if (this.framing !== 'close') return this.done
    this.done = true
    if (this.#rewriting === 'encode') writeLastChunk(out, trailers)
    return true
  }
}
