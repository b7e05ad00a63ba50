// Cuts the bytes of a connection into frames, wherever reads end. DATA passes in pieces as it arrives; the payload of
// other frames is gathered. Pure.

import { DATA, frameHeadBytes, PADDED } from './frames.ts'

export interface FrameHandler {
  /** Nothing more is to be read. */
  readonly isOver: boolean
  /** The head of a frame. @returns false when the connection has failed by it. */
  frameBegins(type: number, flags: number, stream: number, length: number): boolean
  /** bytes[from..to) are the whole payload of a frame that is not DATA. They are overwritten after the call. */
  frame(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): void
  /** bytes[from..to) of the payload of DATA, without padding. They are overwritten after the call. */
  data(bytes: Buffer, from: number, to: number): void
  /** A frame of DATA has arrived. */
  dataEnds(flags: number): void
  /** The padding of DATA is as long as the payload, or longer. */
  badPadding(): void
}

export class FrameReader {
  readonly #head: Uint8Array = new Uint8Array(frameHeadBytes)
  #headLength = 0
  #type = 0
  #flags = 0
  #stream = 0
  /** Bytes of the payload that have not arrived; of DATA, without padding. */
  #left = 0
  #padding = 0
  #awaitsPadding = false
  /** The payload as far as it has arrived, when it does not lie in one read. */
  #gathered: Buffer | undefined
  #gatheredLength = 0

  /** Reads bytes[from..to). */
  read(bytes: Buffer, from: number, to: number, handler: FrameHandler): void {
    let at = from
    while (!handler.isOver) {
      if (this.#headLength < frameHeadBytes) {
        if (at === to) return
        at = this.#readHead(bytes, at, to)
        if (this.#headLength < frameHeadBytes) return
        if (!handler.frameBegins(this.#type, this.#flags, this.#stream, this.#left)) return
      }
      if (this.#type === DATA) {
        at = this.#readData(bytes, at, to, handler)
        if (at < 0) return
      } else {
        const end = Math.min(to, at + this.#left)
        if (this.#gathered === undefined && end - at === this.#left) {
          this.#headLength = 0
          handler.frame(this.#type, this.#flags, this.#stream, bytes, at, end)
        } else {
          const payload = this.#gather(bytes, at, end)
          if (payload === undefined) return
          this.#headLength = 0
          handler.frame(this.#type, this.#flags, this.#stream, payload, 0, payload.length)
        }
        at = end
      }
    }
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const head = this.#head
    let at = from
    while (this.#headLength < frameHeadBytes && at < to) head[this.#headLength++] = bytes[at++]!
    if (this.#headLength < frameHeadBytes) return at
    this.#left = (head[0]! << 16) | (head[1]! << 8) | head[2]!
    this.#type = head[3]!
    this.#flags = head[4]!
    // The first bit is reserved and ignored.
    this.#stream = ((head[5]! & 0x7f) << 24) | (head[6]! << 16) | (head[7]! << 8) | head[8]!
    this.#padding = 0
    this.#awaitsPadding = this.#type === DATA && (this.#flags & PADDED) !== 0
    return at
  }

  /** @returns the offset after what was read; -1 when more bytes are needed or the padding is bad. */
  #readData(bytes: Buffer, from: number, to: number, handler: FrameHandler): number {
    let at = from
    if (this.#awaitsPadding) {
      if (this.#left > 0 && at === to) return -1
      const padding = this.#left > 0 ? bytes[at++]! : 0
      if (padding >= this.#left) {
        handler.badPadding()
        return -1
      }
      this.#left -= padding + 1
      this.#padding = padding
      this.#awaitsPadding = false
    }
    if (this.#left > 0) {
      if (at === to) return -1
      const end = Math.min(to, at + this.#left)
      this.#left -= end - at
      handler.data(bytes, at, end)
      at = end
    }
    if (this.#left > 0) return -1
    const skipped = Math.min(this.#padding, to - at)
    this.#padding -= skipped
    at += skipped
    if (this.#padding > 0) return -1
    this.#headLength = 0
    handler.dataEnds(this.#flags)
    return at
  }

  /** @returns the whole payload, or `undefined` when more of it is to come than bytes[from..to). */
  #gather(bytes: Buffer, from: number, to: number): Buffer | undefined {
    if (this.#gathered === undefined) {
      this.#gathered = Buffer.allocUnsafeSlow(this.#left)
      this.#gatheredLength = 0
    }
    const gathered = this.#gathered
    this.#gatheredLength += bytes.copy(gathered, this.#gatheredLength, from, to)
    this.#left -= to - from
    if (this.#left > 0) return undefined
    this.#gathered = undefined
    return gathered
  }
}
