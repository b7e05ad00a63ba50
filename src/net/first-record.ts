// The first record of a TLS client as it arrives in pieces [RFC 8446 5.1]. A handshake begins when it is complete, so a
// client that sends a part of it costs these bytes and nothing else. Pure.

/** Type of the record that begins a handshake. */
const handshakeType = 22
/** Type, version and length. */
const headBytes = 5
/** A longer record is invalid. */
const recordBytesMax = 16_384

export class FirstRecord {
  readonly #pieces: Buffer[] = []
  #received = 0
  /** Bytes of the whole record; 0 until its head has arrived. */
  #length = 0

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#received += piece.length
    if (this.#length > 0 || this.#received < headBytes) return
    this.#length = headBytes + this.bytes.readUInt16BE(3)
  }

  get isEmpty(): boolean {
    return this.#received === 0
  }

  /** False for a client that does not speak TLS. */
  get isHandshake(): boolean {
    return this.#pieces[0]?.[0] === handshakeType
  }

  /** Nothing has to be awaited: the record is complete, or invalid, which OpenSSL reports to the client. */
  get isComplete(): boolean {
    if (this.#length === 0) return false
    return this.#length > headBytes + recordBytesMax || this.#received >= this.#length
  }

  /** All that has arrived. */
  get bytes(): Buffer {
    const [only, ...more] = this.#pieces
    return only !== undefined && more.length === 0 ? only : Buffer.concat(this.#pieces)
  }
}
