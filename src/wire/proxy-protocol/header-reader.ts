// The PROXY header at the start of a connection, as it arrives in pieces; every byte is copied once. Pure. Used by
// net/proxy-acceptor.ts.

import { proxyProtocolLimits } from '../../base/limits.ts'
import { type HeaderResult, invalid, signature } from './header.ts'
import { lineBytesMax, readV1 } from './read-v1.ts'
import { fixedBytes, lengthOfV2, readV2 } from './read-v2.ts'

/** The shortest line has more bytes than the signature of version 2. */
const lineStart = Buffer.from('PROXY ', 'latin1')

const CR = 0x0d
const LF = 0x0a

interface ReadHeader {
  readonly result: HeaderResult
  /** What has arrived behind the header. */
  readonly rest: Buffer
}

export class HeaderReader {
  #bytes: Buffer = Buffer.alloc(lineBytesMax)
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** Adds what has arrived. @returns the header; `undefined` while bytes of it are missing. */
  add(piece: Buffer): ReadHeader | undefined {
    const at = this.#copy(piece, 0, signature.length)
    const isLine = this.#beginsLike(lineStart)
    if (!isLine && !this.#beginsLike(signature)) return wrong('the connection begins without one')
    if (this.#length < signature.length) return undefined
    return isLine ? this.#addLine(piece, at) : this.#addBinary(piece, at)
  }

  /** Copies until `target` bytes are there. @returns the offset behind the copied ones. */
  #copy(piece: Buffer, from: number, target: number): number {
    if (this.#length >= target) return from
    const end = Math.min(piece.length, from + target - this.#length)
    this.#length += piece.copy(this.#bytes, this.#length, from, end)
    return end
  }

  #beginsLike(start: Buffer): boolean {
    const length = Math.min(this.#length, start.length)
    return this.#bytes.compare(start, 0, length, 0, length) === 0
  }

  #addLine(piece: Buffer, at: number): ReadHeader | undefined {
    const line = piece.subarray(at, at + lineBytesMax - this.#length)
    const feed = line.indexOf(LF)
    const end = this.#copy(piece, at, this.#length + (feed < 0 ? line.length : feed + 1))
    if (feed < 0)
      return this.#length < lineBytesMax
        ? undefined
        : wrong(`its line is longer than ${lineBytesMax} bytes`)
    if (this.#bytes[this.#length - 2] !== CR) return wrong('its line ends without CR')
    const text = this.#bytes.toString('latin1', 0, this.#length - 2)
    return { result: readV1(text), rest: piece.subarray(end) }
  }

  #addBinary(piece: Buffer, at: number): ReadHeader | undefined {
    const behindFixed = this.#copy(piece, at, fixedBytes)
    if (this.#length < fixedBytes) return undefined
    const whole = lengthOfV2(this.#bytes)
    const { headerBytesMax } = proxyProtocolLimits
    if (whole > headerBytesMax) return wrong(`it is longer than ${headerBytesMax} bytes`)
    if (this.#bytes.length < whole)
      this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#length)], whole)
    const end = this.#copy(piece, behindFixed, whole)
    if (this.#length < whole) return undefined
    return { result: readV2(this.#bytes.subarray(0, whole)), rest: piece.subarray(end) }
  }
}

const nothing = Buffer.alloc(0)

const wrong = (reason: string): ReadHeader => ({ result: invalid(reason), rest: nothing })
