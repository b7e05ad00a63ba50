// Assembles one packet for a container, in a buffer of the agreed size. `end` reports a packet that is too long; values that are
// not canonical are internal errors and throw.

import { isToken, isValue } from '../http/bytes.ts'
import { NO_STRING } from './codes.ts'

/** Bytes for magic number and length. */
const headBytes = 4

export class Packet {
  readonly #bytes: Buffer
  #length = headBytes
  #fits = true

  /** @param size of the longest packet with its head, bytes: 1024..65_536. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size)
  }

  begin(): void {
    this.#length = headBytes
    this.#fits = true
  }

  /** The complete packet, valid until the next `begin`; `undefined` when it is too long. */
  end(): Buffer | undefined {
    if (!this.#fits) return undefined
    const bytes = this.#bytes
    bytes.writeUInt16BE(0x1234, 0)
    bytes.writeUInt16BE(this.#length - headBytes, 2)
    return bytes.subarray(0, this.#length)
  }

  byte(value: number): void {
    if (this.#has(1)) this.#bytes[this.#length++] = value
  }

  /** @param value 0..65 535. @throws RangeError for any other. */
  integer(value: number): void {
    if (!(value >= 0 && value <= 0xffff)) throw new RangeError(`not 16 bits: ${value}`)
    if (!this.#has(2)) return
    this.#bytes.writeUInt16BE(value, this.#length)
    this.#length += 2
  }

  /** Reserves an integer that is set later by `fill`. @returns its offset. */
  hold(): number {
    const at = this.#length
    this.integer(0)
    return at
  }

  fill(at: number, value: number): void {
    if (this.#fits) this.#bytes.writeUInt16BE(value, at)
  }

  /** @param value one character per byte. @param lines `several` allows line breaks, for certificates. */
  string(value: string, lines: 'one' | 'several' = 'one'): void {
    if (value.length >= NO_STRING) throw new RangeError('a string of more than 65534 bytes')
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      const isLine = lines === 'several' && (code === 10 || code === 13)
      if (isValue[code] !== 1 && !isLine) throw new RangeError('not canonical: a control character')
    }
    if (!this.#has(value.length + 3)) return
    this.integer(value.length)
    this.#length += this.#bytes.write(value, this.#length, 'latin1')
    this.#bytes[this.#length++] = 0
  }

  /** source[from..to) as a string. */
  slice(source: Buffer, from: number, to: number): void {
    this.#slice(source, from, to, isValue)
  }

  /** source[from..to) as the name of a field. */
  name(source: Buffer, from: number, to: number): void {
    if (from === to) throw new RangeError('not canonical: a field without a name')
    this.#slice(source, from, to, isToken)
  }

  #slice(source: Buffer, from: number, to: number, allowed: Uint8Array): void {
    const size = to - from
    if (size >= NO_STRING) throw new RangeError('a string of more than 65534 bytes')
    if (!this.#has(size + 3)) return
    this.integer(size)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = from; i < to; i++, at++) {
      const byte = source[i]!
      if (allowed[byte] !== 1) throw new RangeError(`not canonical: byte ${byte}`)
      bytes[at] = byte
    }
    bytes[at] = 0
    this.#length = at + 1
  }

  #has(more: number): boolean {
    if (this.#length + more > this.#bytes.length) this.#fits = false
    return this.#fits
  }
}
