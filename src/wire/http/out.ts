// A growing buffer in which a message is assembled, so that it is sent with one write. Reused: after a write that the kernel
// has not taken completely, the sender detaches the bytes.

const digits = Buffer.from('0123456789abcdef')

/** Below this many bytes a loop is faster than a call of a built-in function, which makes a view in Node.js 20. */
const loopMax = 64

/** Copies source[from..to) to target[at..), whose room the caller has checked. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  to: number,
  target: Buffer,
  at: number,
): void {
  if (to - from >= loopMax) {
    if (from === 0 && to === source.length) target.set(source, at)
    else (source as Buffer).copy(target, at, from, to)
    return
  }
  let i = from
  let o = at
  // Eight at a time cost half as much.
  for (; i + 8 <= to; i += 8, o += 8) {
    target[o] = source[i]!
    target[o + 1] = source[i + 1]!
    target[o + 2] = source[i + 2]!
    target[o + 3] = source[i + 3]!
    target[o + 4] = source[i + 4]!
    target[o + 5] = source[i + 5]!
    target[o + 6] = source[i + 6]!
    target[o + 7] = source[i + 7]!
  }
  for (; i < to; i++, o++) target[o] = source[i]!
}

export class Out {
  bytes: Buffer
  length = 0
  readonly #size: number
  /** The last `content`. Messages to one client or node often have the same length, and a view costs more than a comparison. */
  #content: Buffer

  /** @param size initial capacity in bytes; doubled as needed. */
  constructor(size: number) {
    this.#size = size
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.#content = this.bytes
  }

  /** The bytes so far; valid until the next write, `clear` or `detach`. */
  get content(): Buffer {
    if (this.#content.length !== this.length) this.#content = this.bytes.subarray(0, this.length)
    return this.#content
  }

  clear(): void {
    this.length = 0
    // One large message must not keep its memory allocated.
    if (this.bytes.length > 8 * this.#size) this.#replace(Buffer.allocUnsafeSlow(this.#size))
  }

  /** Leaves the bytes to the socket that still sends them, and allocates others. */
  detach(): void {
    this.length = 0
    this.#replace(Buffer.allocUnsafeSlow(this.#size))
  }

  raw(part: Uint8Array): void {
    const size = part.length
    this.#reserve(size)
    copyBytes(part, 0, size, this.bytes, this.length)
    this.length += size
  }

  copy(source: Buffer, from: number, to: number): void {
    const size = to - from
    this.#reserve(size)
    copyBytes(source, from, to, this.bytes, this.length)
    this.length += size
  }

  /** As `copy`, with the letters of ASCII in lower case. */
  lower(source: Buffer, from: number, to: number): void {
    this.#reserve(to - from)
    const { bytes } = this
    for (let i = from, at = this.length; i < to; i++, at++) {
      const byte = source[i]!
      bytes[at] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    }
    this.length += to - from
  }

  /** @param part characters up to U+00FF, checked by the caller. */
  latin1(part: string): void {
    const size = part.length
    this.#reserve(size)
    if (size < loopMax) {
      const { bytes } = this
      for (let i = 0, at = this.length; i < size; i++, at++) bytes[at] = part.charCodeAt(i)
      this.length += size
    } else this.length += this.bytes.write(part, this.length, 'latin1')
  }

  byte(value: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = value
  }

  /** Big-endian, as `uint32`. */
  uint24(value: number): void {
    this.#reserve(3)
    const { bytes } = this
    bytes[this.length++] = value >> 16
    bytes[this.length++] = value >> 8
    bytes[this.length++] = value
  }

  uint32(value: number): void {
    this.#reserve(4)
    const { bytes } = this
    bytes[this.length++] = value >> 24
    bytes[this.length++] = value >> 16
    bytes[this.length++] = value >> 8
    bytes[this.length++] = value
  }

  crlf(): void {
    this.#reserve(2)
    this.bytes[this.length++] = 13
    this.bytes[this.length++] = 10
  }

  /** @param value a safe integer, 0 or above. */
  decimal(value: number): void {
    if (value <= 0x7fff_ffff) {
      let places = 1
      for (let rest = value; rest >= 10; rest = (rest / 10) | 0) places++
      return this.digits(value, places)
    }
    const billions = Math.floor(value / 1e9)
    this.decimal(billions)
    this.digits(value - billions * 1e9, 9)
  }

  /** The last `places` decimal digits of `value`, with leading zeros. @param value 0..2^31 - 1. */
  digits(value: number, places: number): void {
    this.#reserve(places)
    let rest = value
    for (let at = this.length + places - 1; at >= this.length; at--) {
      const next = (rest / 10) | 0
      this.bytes[at] = 0x30 + rest - next * 10
      rest = next
    }
    this.length += places
  }

  hex(value: number): void {
    if (value > 0xffff_ffff) return this.latin1(value.toString(16))
    this.#reserve(8)
    let shift = 28
    while (shift > 0 && value >>> shift === 0) shift -= 4
    for (; shift >= 0; shift -= 4) this.bytes[this.length++] = digits[(value >>> shift) & 15]!
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(larger, 0, 0, this.length)
    this.#replace(larger)
  }

  #replace(bytes: Buffer): void {
    this.bytes = bytes
    this.#content = bytes
  }
}
