// The body of a request that is handed over, from Node.js's stream to an exchange: as bytes, with the framing that the
// head names. What has been sent is kept while it is little, so that the application here can still read the body from
// its start when no peer answers.

import type { IncomingMessage } from 'node:http'
import { handOverLimits } from '../../base/limits.ts'
import { markUnread } from '../../node-internals/unread-stream.ts'

interface BodyFeedOptions {
  /** Bytes of the body; -1 when it is chunked. */
  readonly length: number
  /** The request may be executed twice, so the sent bytes are kept. */
  readonly keeps: boolean
  /** Sends bytes of the body. */
  readonly send: (bytes: Buffer) => void
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

  /** The stream is unread, or `restore` can make it so. */
  get canRestore(): boolean {
    if (!this.#isAttached) return true
    return !this.#request.readableEnded && (this.#bytes === 0 || this.#kept !== undefined)
  }

  /** The first call begins to read. */
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

  /** The exchange is over: further bytes are discarded. */
  end(): void {
    this.#detach()
    this.#kept = undefined
    if (this.#isAttached) this.#request.resume()
  }

  /** Makes the stream unread again; only where `canRestore`. */
  restore(): void {
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
    const { length, send } = this.#options
    if (length < 0) return send(chunk(piece))
    this.#left -= piece.length
    if (this.#left === 0) {
      this.#isOver = true
      this.#request.pause()
      // Later is too late: a stream that has emitted its end takes nothing back.
      this.#putBack()
    }
    send(piece)
  }

  readonly #end = (): void => {
    this.#isOver = true
    this.#options.send(Buffer.from('0\r\n\r\n'))
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
