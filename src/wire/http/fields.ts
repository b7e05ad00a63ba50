// The field lines of one head or trailer section, as offsets into the received bytes. Valid as long as those bytes are. Each
// RequestHead and ResponseHead has one, which is filled for every message; both are part of a pooled exchange.

import { COLON, CR, isToken, LF, SP, TAB } from './bytes.ts'
import { clientFieldKind, equalsName, fieldKind, isDisguised } from './field-name.ts'
import { defaultHeadLimits, type HeadLimits } from './head-limits.ts'
import { BAD_FIELD, BAD_LINE_END, FIELD_LARGE, FIELDS_MANY, INCOMPLETE } from './problem.ts'

const STRIDE = 5

export class Fields {
  /** The bytes that the offsets refer to. */
  bytes: Buffer = Buffer.alloc(0)
  /** Number of field lines. */
  count = 0
  /** Of each field, one of `field-name.ts`. An array, because every writer reads it for every field. */
  kinds: Uint8Array = new Uint8Array(32)
  #rows: Int32Array = new Int32Array(32 * STRIDE)
  readonly #limits: HeadLimits
  /** The name of the field that `parse` has found a problem with. */
  #failedFrom = 0
  #failedTo = 0

  constructor(limits: HeadLimits = defaultHeadLimits) {
    this.#limits = limits
  }

  /** The name of the field with which `parse` has failed, if it came to one. */
  get failedName(): string {
    return text(this.bytes, this.#failedFrom, this.#failedTo).toLowerCase()
  }

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

  /** Index of the first field with this name, -1 when there is none. @param name in lower case. */
  indexOf(name: Uint8Array): number {
    for (let f = 0; f < this.count; f++) {
      if (equalsName(this.bytes, this.nameFrom(f), this.nameTo(f), name)) return f
    }
    return -1
  }

  /**
   * Parses field lines from `at` up to and including the empty line that ends them.
   * @param ofNode the sender is a node: white space before the colon is removed [RFC 9112 5.1], where a client's message is
   *   refused; names are not checked for FOLDED.
   * @returns the offset after the empty line, INCOMPLETE, or a problem (negative).
   */
  parse(bytes: Buffer, at: number, end: number, ofNode: boolean): number {
    const { fieldBytes, count: countMax } = this.#limits
    this.bytes = bytes
    this.count = 0
    this.#failedFrom = this.#failedTo = 0
    let i = at
    while (true) {
      if (i >= end) return INCOMPLETE
      if (bytes[i] === CR) {
        if (i + 1 >= end) return INCOMPLETE
        return bytes[i + 1] === LF ? i + 2 : BAD_LINE_END
      }
      const lineFrom = i
      while (i < end && isToken[bytes[i]!] === 1) i++
      const nameTo = i
      if (ofNode) while (i < end && (bytes[i] === SP || bytes[i] === TAB)) i++
      if (i >= end) return i - lineFrom > fieldBytes ? FIELD_LARGE : INCOMPLETE
      if (nameTo === lineFrom || bytes[i] !== COLON)
        return bytes[i] === LF ? BAD_LINE_END : BAD_FIELD
      if (isDisguised(bytes, lineFrom, nameTo)) return this.#fail(BAD_FIELD, lineFrom, nameTo)
      const colon = i++
      while (i < end && (bytes[i] === SP || bytes[i] === TAB)) i++
      const valueFrom = i
      while (i < end && isValueByte(bytes[i]!)) i++
      if (i - lineFrom > fieldBytes) return this.#fail(FIELD_LARGE, lineFrom, nameTo)
      if (i + 1 >= end && (i >= end || bytes[i] === CR)) return INCOMPLETE
      if (bytes[i] !== CR || bytes[i + 1] !== LF) {
        const isLineEnd = bytes[i] === LF || bytes[i] === CR
        return this.#fail(isLineEnd ? BAD_LINE_END : BAD_FIELD, lineFrom, nameTo)
      }
      let valueTo = i
      while (valueTo > valueFrom && (bytes[valueTo - 1] === SP || bytes[valueTo - 1] === TAB)) {
        valueTo--
      }
      const canonical =
        colon === nameTo && valueFrom === colon + 2 && bytes[colon + 1] === SP && valueTo === i
      if (this.count === countMax) return this.#fail(FIELDS_MANY, lineFrom, nameTo)
      const kind = ofNode
        ? fieldKind(bytes, lineFrom, nameTo)
        : clientFieldKind(bytes, lineFrom, nameTo)
      if (kind < 0) return this.#fail(BAD_FIELD, lineFrom, nameTo)
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

  #fail(problem: number, nameFrom: number, nameTo: number): number {
    this.#failedFrom = nameFrom
    this.#failedTo = nameTo
    return problem
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

const isValueByte = (byte: number): boolean => (byte >= 0x20 && byte !== 0x7f) || byte === TAB

/** bytes[from..to) as text, one character per byte. */
export function text(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to)
}
