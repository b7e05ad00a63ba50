// The field lines of one head or trailer section, as offsets into the received bytes. Valid as long as those bytes are. Each
// RequestHead and ResponseHead has one, which is filled for every message; both are part of a pooled exchange.

import { httpLimits } from '../../base/limits.ts'
import { COLON, CR, isToken, isValue, LF, SP, TAB } from './bytes.ts'
import { clientFieldKind, fieldKind, isDisguised } from './field-name.ts'
import { BAD_FIELD, FIELDS_LARGE, INCOMPLETE } from './problem.ts'

const STRIDE = 5

export class Fields {
  /** The bytes that the offsets refer to. */
  bytes: Buffer = Buffer.alloc(0)
  /** Number of field lines. */
  count = 0
  /** Of each field, one of `field-name.ts`. An array, because every writer reads it for every field. */
  kinds: Uint8Array = new Uint8Array(32)
  #rows: Int32Array = new Int32Array(32 * STRIDE)

  nameFrom(index: number): number {
    return this.#rows[index * STRIDE]!
  }
  nameTo(index: number): number {
    return this.#rows[index * STRIDE + 1]!
  }
  valueFrom(index: number): number {
    return this.#rows[index * STRIDE + 2]!
  }
  valueTo(index: number): number {
    return this.#rows[index * STRIDE + 3]!
  }
  /** The line is exactly `Name: value CRLF`, so it can be copied unchanged. */
  isCanonical(index: number): boolean {
    return this.#rows[index * STRIDE + 4] === 1
  }

  name(index: number): string {
    return text(this.bytes, this.nameFrom(index), this.nameTo(index)).toLowerCase()
  }
  value(index: number): string {
    return text(this.bytes, this.valueFrom(index), this.valueTo(index))
  }

  /**
   * Parses field lines from `at` up to and including the empty line that ends them.
   * @param ofNode the sender is a node: white space before the colon is removed [RFC 9112 5.1], where a client's message is
   *   refused; names are not checked for FOLDED.
   * @returns the offset after the empty line, INCOMPLETE, or a problem (negative).
   */
  parse(bytes: Buffer, at: number, end: number, ofNode: boolean): number {
    this.bytes = bytes
    this.count = 0
    let i = at
    while (true) {
      if (i >= end) return INCOMPLETE
      if (bytes[i] === CR) {
        if (i + 1 >= end) return INCOMPLETE
        return bytes[i + 1] === LF ? i + 2 : BAD_FIELD
      }
      const lineFrom = i
      while (i < end && isToken[bytes[i]!] === 1) i++
      const nameTo = i
      if (ofNode) while (i < end && (bytes[i] === SP || bytes[i] === TAB)) i++
      if (i >= end) return i - lineFrom > httpLimits.fieldBytesMax ? FIELDS_LARGE : INCOMPLETE
      if (nameTo === lineFrom || bytes[i] !== COLON) return BAD_FIELD
      if (isDisguised(bytes, lineFrom, nameTo)) return BAD_FIELD
      const colon = i++
      while (i < end && (bytes[i] === SP || bytes[i] === TAB)) i++
      const valueFrom = i
      while (i < end && isValue[bytes[i]!] === 1) i++
      if (i - lineFrom > httpLimits.fieldBytesMax) return FIELDS_LARGE
      if (i + 1 >= end) return i < end && bytes[i] !== CR ? BAD_FIELD : INCOMPLETE
      if (bytes[i] !== CR || bytes[i + 1] !== LF) return BAD_FIELD
      let valueTo = i
      while (valueTo > valueFrom && (bytes[valueTo - 1] === SP || bytes[valueTo - 1] === TAB)) {
        valueTo--
      }
      const canonical =
        colon === nameTo && valueFrom === colon + 2 && bytes[colon + 1] === SP && valueTo === i
      if (this.count === httpLimits.fieldsMax) return FIELDS_LARGE
      const kind = ofNode
        ? fieldKind(bytes, lineFrom, nameTo)
        : clientFieldKind(bytes, lineFrom, nameTo)
      if (kind < 0) return BAD_FIELD
      if (this.count === this.kinds.length) this.#grow()
      const index = this.count++
      this.kinds[index] = kind
      const rows = this.#rows
      const row = index * STRIDE
      rows[row] = lineFrom
      rows[row + 1] = nameTo
      rows[row + 2] = valueFrom
      rows[row + 3] = valueTo
      rows[row + 4] = canonical ? 1 : 0
      i += 2
    }
  }

  #grow(): void {
    const kinds = new Uint8Array(this.kinds.length * 2)
    kinds.set(this.kinds)
    this.kinds = kinds
    const rows = new Int32Array(this.#rows.length * 2)
    rows.set(this.#rows)
    this.#rows = rows
  }
}

/** bytes[from..to) as text, one character per byte. */
export function text(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to)
}
