// Decodes field blocks [RFC 7541]. One object for each connection, with its dynamic table. What a block decodes to is counted
// while it is decoded: beyond the limit only the table is kept in step.

import { http2Limits } from '../../base/limits.ts'
import { copyBytes } from '../http/out.ts'
import { entryOverhead, type FieldLine, type LineKind, lineKind } from './field-line.ts'
import { decodedBytesMax, decodeHuffman } from './huffman.ts'
import { staticCount, staticLines } from './static-table.ts'

/** Receives the fields of a block, in order. */
export interface FieldSink {
  /** @param line valid during the call; it lasts when it lies in a table. */
  field(line: FieldLine): void
}

export type Decoded =
  | 'whole'
  /** The field list is larger than the limit: the sink has its beginning. */
  | 'large'
  /** Both sides' tables differ from now on, so the connection must end [RFC 9113 4.3]. */
  | 'invalid'

/** One line at a time is decoded here: all its bytes come from one block, or its name from a table. */
let scratch: Buffer | undefined
const scratchBytes =
  decodedBytesMax(http2Limits.blockBytesMax) + http2Limits.tableBytesMax + 2 * '\r\n'.length

type Mutable<T> = { -readonly [key in keyof T]: T[key] }

/** Bits behind the last that a safe shift reaches. */
const integerShiftMax = 21

export class FieldDecoder {
  /** The oldest entry is first; those before `#oldest` have been evicted. */
  #lines: FieldLine[] = []
  #oldest = 0
  #size = 0
  #sizeMax = http2Limits.tableBytesMax
  readonly #line: Mutable<FieldLine> = { bytes: nothing, nameTo: 0, valueTo: 0, kind: 'field' }
  #bytes: Buffer = nothing
  #at = 0
  #end = 0

  /** Bytes of the dynamic table, as RFC 7541 4.1 counts them. */
  get tableBytes(): number {
    return this.#size
  }

  /** Decodes a whole block, bytes[from..to). */
  decode(bytes: Buffer, from: number, to: number, sink: FieldSink): Decoded {
    this.#bytes = bytes
    this.#at = from
    this.#end = to
    let room = http2Limits.fieldListBytesMax
    let mayResize = true
    while (this.#at < this.#end) {
      const first = bytes[this.#at]!
      if ((first & 0xe0) === 0x20) {
        if (!mayResize || !this.#resize()) return this.#invalid()
        continue
      }
      mayResize = false
      const line = first & 0x80 ? this.#entry(this.#integer(7)) : this.#literal(first)
      if (line === undefined) return this.#invalid()
      room -= line.valueTo - 2 + entryOverhead
      if (room >= 0) sink.field(line)
    }
    this.#bytes = nothing
    return room >= 0 ? 'whole' : 'large'
  }

  #invalid(): 'invalid' {
    this.#bytes = nothing
    return 'invalid'
  }

  #resize(): boolean {
    const size = this.#integer(5)
    if (size < 0 || size > http2Limits.tableBytesMax) return false
    this.#sizeMax = size
    this.#evict(0)
    return true
  }

  /** @param index from 1; those of the dynamic table follow the static ones, the newest first. */
  #entry(index: number): FieldLine | undefined {
    if (index <= staticCount) return staticLines[index - 1]
    const at = this.#lines.length - (index - staticCount)
    return at < this.#oldest ? undefined : this.#lines[at]
  }

  /** `undefined` when it is invalid. */
  #literal(first: number): FieldLine | undefined {
    const isKept = (first & 0x40) !== 0
    const index = this.#integer(isKept ? 6 : 4)
    if (index < 0) return undefined
    scratch ??= Buffer.allocUnsafeSlow(scratchBytes)
    const bytes = scratch
    const nameTo = index === 0 ? this.#string(bytes, 0) : this.#copyName(bytes, index)
    if (nameTo < 0) return undefined
    bytes[nameTo] = 0x3a
    bytes[nameTo + 1] = 0x20
    const valueTo = this.#string(bytes, nameTo + 2)
    if (valueTo < 0) return undefined
    bytes[valueTo] = 0x0d
    bytes[valueTo + 1] = 0x0a
    const kind = lineKind(bytes, nameTo, valueTo)
    if (!isKept) return this.#passing(bytes, nameTo, valueTo, kind)
    const size = valueTo - 2 + entryOverhead
    this.#evict(size)
    // An entry larger than the table empties it, and is no error [RFC 7541 4.4].
    if (size > this.#sizeMax) return this.#passing(bytes, nameTo, valueTo, kind)
    const kept = Buffer.allocUnsafeSlow(valueTo + 2)
    bytes.copy(kept, 0, 0, valueTo + 2)
    const line = { bytes: kept, nameTo, valueTo, kind }
    this.#lines.push(line)
    this.#size += size
    return line
  }

  /** A line that is kept in no table: valid until the next one. */
  #passing(bytes: Buffer, nameTo: number, valueTo: number, kind: LineKind): FieldLine {
    const line = this.#line
    line.bytes = bytes
    line.nameTo = nameTo
    line.valueTo = valueTo
    line.kind = kind
    return line
  }

  #copyName(target: Buffer, index: number): number {
    const entry = this.#entry(index)
    if (entry === undefined) return -1
    const { bytes, nameTo } = entry
    copyBytes(bytes, 0, nameTo, target, 0)
    return nameTo
  }

  /** Makes room for an entry. */
  #evict(size: number): void {
    while (this.#size + size > this.#sizeMax && this.#oldest < this.#lines.length) {
      const { valueTo } = this.#lines[this.#oldest++] as FieldLine
      this.#size -= valueTo - 2 + entryOverhead
    }
    if (this.#oldest < 64 && this.#oldest < this.#lines.length) return
    if (this.#oldest > 0) this.#lines.splice(0, this.#oldest)
    this.#oldest = 0
  }

  /** @param bits of the first byte. @returns -1 when it is invalid or far above every limit. */
  #integer(bits: number): number {
    const mask = (1 << bits) - 1
    let value = this.#bytes[this.#at++]! & mask
    if (value < mask) return value
    for (let shift = 0; shift <= integerShiftMax; shift += 7) {
      if (this.#at >= this.#end) return -1
      const byte = this.#bytes[this.#at++]!
      value += (byte & 127) << shift
      if (byte < 128) return value
    }
    return -1
  }

  /** Writes a string to `target`. @returns the offset after it, or -1 when it is invalid. */
  #string(target: Buffer, at: number): number {
    if (this.#at >= this.#end) return -1
    const isHuffman = (this.#bytes[this.#at]! & 0x80) !== 0
    const length = this.#integer(7)
    const from = this.#at
    if (length < 0 || length > this.#end - from) return -1
    this.#at += length
    if (isHuffman) return decodeHuffman(this.#bytes, from, from + length, target, at)
    copyBytes(this.#bytes, from, from + length, target, at)
    return at + length
  }
}

const nothing = Buffer.alloc(0)
