// Sends the body of a request to a container: removes the framing of HTTP/1, and writes the packets that the container
// requests. Pure.

import { ajpLimits } from '../../base/limits.ts'
import { BodyRelay } from '../http/body-relay.ts'
import { Out } from '../http/out.ts'
import type { RequestHead } from '../http/request-head.ts'

/** Bytes for magic number, length of the packet, and length of the data. */
const headBytes = 6

export class BodyPackets {
  readonly #dataMax: number
  readonly #head: Buffer = Buffer.from([0x12, 0x34, 0, 0, 0, 0])
  readonly #framed: BodyRelay = new BodyRelay()
  #pieces: Buffer[] = []
  /** Bytes of the first piece that are sent. */
  #sent = 0
  /** Bytes that the container has not asked for yet. */
  pending = 0
  /** Packets that the container has asked for and not received. */
  #asked = 0
  #askedBytes: number
  #ends = 0

  /** @param size of the longest packet with its head, bytes. */
  constructor(size: number) {
    this.#dataMax = size - headBytes
    this.#askedBytes = this.#dataMax
  }

  /** Starts the body of another request. If its length is known, the first packet is sent without being asked for. */
  begin(head: RequestHead): void {
    const framing = head.chunked ? 'chunked' : head.hasBody ? 'length' : 'none'
    this.#framed.begin(framing, head.contentLength, 'decode')
    this.drop()
    this.#asked = head.contentLength > 0 ? 1 : 0
    this.#askedBytes = this.#dataMax
    this.#ends = 0
  }

  /** Drops the pending bytes: the response is complete. */
  drop(): void {
    this.#pieces = []
    this.#sent = this.pending = 0
  }

  /**
   * Adds bytes[at..end) of the body in HTTP/1 framing. The bytes must not change while any are pending.
   * @throws RangeError when the framing, which is our own, is invalid.
   */
  add(bytes: Buffer, at: number, end: number): void {
    if (at === end) return
    if (this.#framed.passes(at, end)) return this.#push(bytes.subarray(at, end))
    const data = new Out(end - at)
    if (this.#framed.relay(bytes, at, end, data) !== end) throw new RangeError('body not canonical')
    this.#push(data.content)
  }

  #push(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.pending += piece.length
  }

  /**
   * GET_BODY_CHUNK was received. @param bytes that it asks for. @returns false when it asks more often than allowed.
   */
  ask(bytes: number): boolean {
    this.#asked++
    this.#askedBytes = bytes > 0 ? Math.min(bytes, this.#dataMax) : this.#dataMax
    return this.#asked <= ajpLimits.asksMax && this.#ends + this.#asked <= ajpLimits.asksMax
  }

  /** The container has asked for a piece that was not sent yet. */
  get isAwaited(): boolean {
    return this.#asked > 0
  }

  /** Writes the packets that can be sent now. An empty one is the end of the body. */
  write(out: Out): void {
    while (this.#asked > 0 && (this.pending > 0 || this.#framed.done)) {
      this.#asked--
      const size = Math.min(this.pending, this.#askedBytes)
      if (size === 0) this.#ends++
      this.#head.writeUInt16BE(size + 2, 2)
      this.#head.writeUInt16BE(size, 4)
      out.raw(this.#head)
      this.#copyData(size, out)
    }
  }

  #copyData(size: number, out: Out): void {
    let left = size
    while (left > 0) {
      const piece = this.#pieces[0]!
      const to = Math.min(piece.length, this.#sent + left)
      out.copy(piece, this.#sent, to)
      left -= to - this.#sent
      this.#sent = to
      if (to < piece.length) continue
      this.#pieces.shift()
      this.#sent = 0
    }
    this.pending -= size
  }
}
