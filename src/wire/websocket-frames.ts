// Where the frames that a server sends on a WebSocket begin and end [RFC 6455 5.2], so that a proxy can end it by a Close
// frame of its own. Payload is skipped. Used by deliver (7) and tunnels.

const opcodeBits = 0x0f
const closeOpcode = 8
/** The second byte has the length, or says that the length is in the next 2 or 8 bytes. Its first bit is for clients. */
const lengthIn2 = 126
const lengthIn8 = 127

/** A Close frame with the status 1001: the server is going away [RFC 6455 7.4.1]. */
export const goingAway: Uint8Array = Uint8Array.of(0x88, 2, 1001 >> 8, 1001 & 0xff)

export class WebSocketFrames {
  /** A Close frame has begun, or the bytes are no frames of a server. */
  #isOver = false
  /** Of the present frame, the bytes of its payload that are to come. */
  #payload = 0
  /** Of the present frame's head, the bytes that have come; 0 between two frames. */
  #headBytes = 0
  #headSize = 0
  #length = 0

  /** bytes[from..to) have passed. */
  passed(bytes: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to && !this.#isOver) {
      if (this.#payload === 0) this.#head(bytes[at++] ?? 0)
      else {
        const part = Math.min(this.#payload, to - at)
        this.#payload -= part
        at += part
      }
    }
  }

  /** No frame is under way, and there was no Close frame. */
  get mayClose(): boolean {
    return !this.#isOver && this.#payload === 0 && this.#headBytes === 0
  }

  #head(byte: number): void {
    const index = this.#headBytes++
    if (index === 0) {
      this.#isOver = (byte & opcodeBits) === closeOpcode
      this.#headSize = 2
      return
    }
    if (index === 1) {
      this.#isOver = byte > lengthIn8
      this.#length = byte < lengthIn2 ? byte : 0
      if (byte === lengthIn2) this.#headSize += 2
      if (byte === lengthIn8) this.#headSize += 8
    } else {
      this.#length = this.#length * 256 + byte
    }
    if (this.#headBytes < this.#headSize) return
    this.#headBytes = 0
    this.#payload = this.#length
    this.#isOver ||= this.#length > Number.MAX_SAFE_INTEGER
  }
}
