// The body of a request that is handed over, on its way from Node.js's stream to an exchange: as bytes with
// the framing that the head names. What has gone is kept while it is little, so that the application here
// can still be given the request from the start when the peer fails.

import type { IncomingMessage } from 'node:http'
import { handOverLimits } from '../../base/limits.ts'
import { markUnread } from '../../node-internals/unread-stream.ts'

export interface BodyFeedOptions {
  /** Bytes that will come; -1 when it is chunked. */
  readonly length: number
  /** The request may be executed twice, so what was sent is worth keeping. */
  readonly keeps: boolean
  /** Takes the body's bytes. */
  readonly sink: (bytes: Buffer) => void
}

export class BodyFeed {
  readonly #request: IncomingMessage
  readonly #options: BodyFeedOptions
  #left: number
  #isAttached = false
  #isOver = false
  #bytes = 0
  #kept: Buffer[] | undefined

  constructor(request: IncomingMessage, options: BodyFeedOptions) {
    this.#request = request
    this.#options = options
    this.#left = options.length
    this.#kept = options.keeps ? [] : undefined
  }

  /** The request is as it came, or can be made so. */
  get canGiveBack(): boolean {
    if (!this.#isAttached) return true
    return !this.#request.readableEnded && (this.#bytes === 0 || this.#kept !== undefined)
  }

  /** Nothing is read before the first call. */
  resume(): void {
    if (this.#isOver) return
    if (!this.#isAttached) {
      this.#isAttached = true
      this.#request.on('data', this.#data)
      if (this.#options.length < 0) this.#request.on('end', this.#end)
    }
    this.#request.resume()
  }

  pause(): void {
    if (this.#isAttached) this.#request.pause()
  }

  /** The exchange is over: what still comes is thrown away. */
  end(): void {
    this.#detach()
    this.#kept = undefined
    if (this.#isAttached) this.#request.resume()
  }

  /** Puts the stream back as it was; only where `canGiveBack`. */
  giveBack(): void {
    this.#detach()
    if (!this.#isAttached) return
    this.#putBack()
    markUnread(this.#request)
  }

  #detach(): void {
    this.#isOver = true
    this.#request.off('data', this.#data)
    this.#request.off('end', this.#end)
  }

  #putBack(): void {
    if (this.#kept === undefined || this.#kept.length === 0) return
    this.#request.unshift(Buffer.concat(this.#kept))
    this.#kept = []
  }

  readonly #data = (piece: Buffer): void => {
    this.#keep(piece)
    const { length, sink } = this.#options
    if (length < 0) return sink(chunk(piece))
    this.#left -= piece.length
    if (this.#left === 0) {
      this.#isOver = true
      this.#request.pause()
      // Now or never: a stream that has told of its end takes nothing back.
      this.#putBack()
    }
    sink(piece)
  }

  readonly #end = (): void => {
    this.#isOver = true
    this.#options.sink(Buffer.from('0\r\n\r\n'))
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#kept === undefined) return
    if (this.#bytes <= handOverLimits.keptBodyBytesMax) this.#kept.push(piece)
    else this.#kept = undefined
  }
}

const chunk = (piece: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
