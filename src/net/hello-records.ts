// The first message of a TLS client, in one record or in several, as it arrives in pieces [RFC 8446 5.1]. A handshake
// begins when it is complete, so a client that sends a part of it costs these bytes and nothing else. Pure.

import { tlsLimits } from '../base/limits.ts'

/** Type of the records of a handshake. */
const handshakeType = 22
/** Type, version and length of a record. */
const headBytes = 5
/** A longer record is invalid. */
const recordBytesMax = 16_384
/** Type and length of a message. */
const messageHeadBytes = 4

export class HelloRecords {
  #buffer: Buffer = Buffer.alloc(0)
  #received = 0
  /** Where the next record begins. */
  #at = 0
  /** The complete records, without their heads. */
  readonly #parts: Buffer[] = []
  #partBytes = 0
  #isComplete = false

  add(piece: Buffer): void {
    this.#append(piece)
    while (!this.#isComplete && this.#received - this.#at >= headBytes) {
      const length = this.#buffer.readUInt16BE(this.#at + 3)
      const isValid =
        this.#buffer[this.#at] === handshakeType && length > 0 && length <= recordBytesMax
      if (!isValid || this.#at + length > tlsLimits.helloBytesMax) this.#isComplete = true
      else if (this.#received < this.#at + headBytes + length) return
      else this.#addRecord(length)
    }
  }

  /** In a buffer that doubles, so that many small pieces take linear time. */
  #append(piece: Buffer): void {
    const length = this.#received + piece.length
    if (this.#received === 0) this.#buffer = piece
    else {
      if (length > this.#buffer.length) {
        const larger = Buffer.allocUnsafe(2 * length)
        this.#buffer.copy(larger, 0, 0, this.#received)
        this.#buffer = larger
      }
      piece.copy(this.#buffer, this.#received)
    }
    this.#received = length
  }

  #addRecord(length: number): void {
    const begin = this.#at + headBytes
    this.#at = begin + length
    // Records before the last one may be moved to a larger buffer, so their bytes stay where they are read.
    this.#parts.push(this.#buffer.subarray(begin, this.#at))
    this.#partBytes += length
    const expected = this.#messageBytes()
    if (expected !== undefined && this.#partBytes >= expected) this.#isComplete = true
  }

  /** Undefined until its head has arrived. */
  #messageBytes(): number | undefined {
    if (this.#partBytes < messageHeadBytes) return undefined
    const head = this.#parts[0] as Buffer
    const whole = head.length >= messageHeadBytes ? head : Buffer.concat(this.#parts.slice(0, 4))
    return messageHeadBytes + whole.readUIntBE(1, 3)
  }

  get isEmpty(): boolean {
    return this.#received === 0
  }

  /** False for a client that does not speak TLS. */
  get isHandshake(): boolean {
    return this.#buffer[0] === handshakeType
  }

  /** Nothing has to be awaited: the message is complete, or invalid, which OpenSSL reports to the client. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** The message; an invalid one as far as it has been read. */
  get message(): Buffer {
    const [only, ...more] = this.#parts
    return only !== undefined && more.length === 0 ? only : Buffer.concat(this.#parts)
  }

  /** All that has arrived. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#received)
  }
}
