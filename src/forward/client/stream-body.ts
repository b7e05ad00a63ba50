// The body of a request over HTTP/2 until it is passed on: the bytes that are held, their window, and the length that the
// request has announced. Pure. Used by http2-stream.ts.

import { http2Limits } from '../../base/limits.ts'
import { writeChunk } from '../../wire/http/chunked.ts'
import type { Out } from '../../wire/http/out.ts'

const lastChunk = Buffer.from('0\r\n\r\n')
const none: Buffer[] = []

export class StreamBody {
  /** Of all requests without a body. Nothing arrives of it. */
  static readonly none: StreamBody = new StreamBody(0, true, false)

  /** The client has sent all of it. */
  isEnded: boolean
  /** Without Content-Length it is passed on in chunks. */
  readonly isChunked: boolean
  /** Bytes that must still arrive, by Content-Length. */
  #left: number
  /** Bytes that the client may send now. */
  #window = http2Limits.streamWindowBytes
  /** Bytes that were passed on since the last WINDOW_UPDATE. */
  #passed = 0
  #pieces: Buffer[] = none
  /** Pieces from this one on lie in the buffer of the present read. */
  #viewsFrom = 0
  /** The last chunk with the trailers. */
  #trailers: Buffer = lastChunk
  #endIsHeld = false

  /** @param contentLength -1 without one. */
  constructor(contentLength: number, isEnded: boolean, isTunnel: boolean) {
    this.isEnded = isEnded
    this.isChunked = contentLength < 0 && !isTunnel
    this.#left = contentLength
  }

  /** Pieces or the end wait to be passed on. */
  get isHeld(): boolean {
    return this.#pieces.length > 0 || this.#endIsHeld
  }

  /** All that was announced has arrived, but not the end: more would make the request invalid [RFC 9113 8.1.1]. */
  get awaitsEnd(): boolean {
    return this.#left === 0 && !this.isEnded
  }

  /** The payload of a frame has begun to arrive. @returns false when it exceeds the window. */
  draw(bytes: number): boolean {
    this.#window -= bytes
    return this.#window >= 0
  }

  /** So many bytes of the body have arrived. @returns false when they are more than was announced. */
  count(bytes: number): boolean {
    if (this.#left < 0) return true
    this.#left -= bytes
    return this.#left >= 0
  }

  /** The client has sent all. @returns false when it is less than was announced. */
  end(): boolean {
    this.isEnded = true
    this.#endIsHeld = true
    return this.#left <= 0
  }

  /** @param trailers the last chunk with them. */
  setTrailers(trailers: Buffer): void {
    this.#trailers = Buffer.from(trailers)
  }

  /** Holds a piece, which lies in the buffer of the present read. */
  hold(piece: Buffer): void {
    if (this.#pieces === none) this.#pieces = []
    this.#pieces.push(piece)
  }

  /** The buffer of the present read is used again: copies the pieces in it. @returns their bytes. */
  keepViews(): number {
    let bytes = 0
    for (let i = this.#viewsFrom; i < this.#pieces.length; i++) {
      const piece = this.#pieces[i] as Buffer
      bytes += piece.length
      this.#pieces[i] = Buffer.from(piece)
    }
    this.#viewsFrom = this.#pieces.length
    return bytes
  }

  /**
   * The next piece that is held, removed. The last one stays until the end has arrived: a node must not take the request for
   * complete before. @returns with whether it had been copied.
   */
  shift(): { readonly piece: Buffer; readonly isCopy: boolean } | undefined {
    if (this.awaitsEnd && this.#pieces.length === 1) return undefined
    const piece = this.#pieces.shift()
    if (piece === undefined) return undefined
    const isCopy = this.#viewsFrom > 0
    if (isCopy) this.#viewsFrom--
    return { piece, isCopy }
  }

  /** The end is passed on now. @returns false when it was before, or has not arrived. */
  shiftEnd(): boolean {
    if (!this.#endIsHeld || this.#pieces.length > 0) return false
    this.#endIsHeld = false
    return true
  }

  /** Writes a piece as it is passed on. */
  write(piece: Buffer, out: Out): void {
    if (this.isChunked) writeChunk(piece, 0, piece.length, out)
    else out.copy(piece, 0, piece.length)
  }

  /** Writes the end as it is passed on. */
  writeEnd(out: Out): void {
    if (this.isChunked) out.raw(this.#trailers)
  }

  /**
   * Bytes of the window have been passed on or dropped.
   * @returns the increment of the window that the client is to get now, or 0.
   */
  passed(bytes: number): number {
    this.#passed += bytes
    if (this.isEnded || this.#passed < http2Limits.streamWindowBytes / 2) return 0
    const increment = this.#passed
    this.#window += increment
    this.#passed = 0
    return increment
  }

  /** Forgets what is held. @returns bytes of copies that were held. */
  drop(): number {
    let bytes = 0
    for (let i = 0; i < this.#viewsFrom; i++) bytes += (this.#pieces[i] as Buffer).length
    this.#pieces = none
    this.#viewsFrom = 0
    this.#endIsHeld = false
    return bytes
  }
}
