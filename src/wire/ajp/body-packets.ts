// The body of a request on its way to a container: HTTP/1's framing taken off, and sent in packets as the
// container asks for them. Pure.

import { ajpLimits } from '../../base/limits.ts'
import { BodyRelay } from '../http/body-relay.ts'
import { Out } from '../http/out.ts'
import type { RequestHead } from '../http/request-head.ts'

/** Magic number, length of the packet, length of the data. */
const headBytes = 6

export class BodyPackets {
  readonly #dataMax: number
  readonly #head: Buffer = Buffer.from([0x12, 0x34, 0, 0, 0, 0])
  readonly #framed: BodyRelay = new BodyRelay()
  #pieces: Buffer[] = []
  /** Of the first piece. */
  #sent = 0
  /** Bytes that wait to be asked for. */
  pending = 0
  /** Packets that the container waits for. */
  #asked = 0
  #askedBytes: number
  #ends = 0

  /** @param size of the longest packet, bytes. */
  constructor(size: number) {
    this.#dataMax = size - headBytes
    this.#askedBytes = this.#dataMax
  }

  /** For the body of another request. The first packet of one whose length is known is sent unasked. */
  begin(head: RequestHead): void {
    const framing = head.chunked ? 'chunked' : head.hasBody ? 'length' : 'none'
    this.#framed.begin(framing, head.contentLength, 'decode')
    this.drop()
    this.#asked = head.contentLength > 0 ? 1 : 0
    this.#askedBytes = this.#dataMax
    this.#ends = 0
  }

  /** Forgets what has not been asked for: the answer is complete, and nobody will. */
  drop(): void {
    this.#pieces = []
    this.#sent = this.pending = 0
  }

  /**
   * bytes[at..end) of the body as HTTP/1 frames it; they must stay as they are until nothing is pending.
   * @throws RangeError when the framing, which is our own, is broken.
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

  /** GET_BODY_CHUNK has come. @returns false when the container asks for more than it may. */
  ask(bytes: number): boolean {
    this.#asked++
    this.#askedBytes = bytes > 0 ? Math.min(bytes, this.#dataMax) : this.#dataMax
    return this.#asked <= ajpLimits.asksMax && this.#ends + this.#asked <= ajpLimits.asksMax
  }

  /** The container waits for a piece that has not come. */
  get isAwaited(): boolean {
    return this.#asked > 0
  }

  /** Adds the packets that may be sent now. An empty one says that the body has ended. */
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
