// Relays the chunked coding: parsed strictly by RFC 9112 7.1, and written again in canonical form, or decoded. Extensions are
// dropped, trailers are filtered. Pure; the input may be split anywhere.

import { httpLimits } from '../../base/limits.ts'
import { CR, hexValue, isToken, isValue, LF, SP, TAB } from './bytes.ts'
import { Fields } from './fields.ts'
import type { Out } from './out.ts'
import { BAD_CHUNK, INCOMPLETE, TRAILERS_LARGE } from './problem.ts'
import { writeTrailers } from './trailers.ts'

const SIZE = 0
const SIZE_LF = 1
const DATA = 2
const DATA_CR = 3
const DATA_LF = 4
const TRAILERS = 5
const DONE = 6
const EXT_BEFORE = 7
const EXT_NAME_FIRST = 8
const EXT_NAME = 9
const EXT_NAME_AFTER = 10
const EXT_VALUE_FIRST = 11
const EXT_VALUE = 12
const EXT_QUOTED = 13
const EXT_ESCAPED = 14
const EXT_VALUE_AFTER = 15

const SEMICOLON = 0x3b
const EQUALS = 0x3d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const lastChunk = Buffer.from('0\r\n')

export class ChunkedRelay {
  /** Of a body that is decoded, when it has ended; valid as long as the bytes that were read last. */
  trailers: Fields | undefined
  /** Bytes of chunk data so far. */
  dataBytes = 0
  #state = SIZE
  #size = 0
  #sizeDigits = 0
  #extensionBytes = 0
  #trailers: Buffer | undefined
  #decodes = false
  /** Of trailers, made for the first ones. */
  #fields: Fields | undefined

  /** Starts another body. @param decodes write the data without framing, for a client of HTTP/1.0. */
  reset(decodes: boolean): void {
    this.#state = SIZE
    this.#size = this.#sizeDigits = this.#extensionBytes = this.dataBytes = 0
    this.#trailers = this.trailers = undefined
    this.#decodes = decodes
  }

  /** The last chunk and the trailers have been read. */
  get done(): boolean {
    return this.#state === DONE
  }

  /** Whether bytes[at..end) is chunk data only and can be sent unchanged; if so it counts as relayed. */
  passes(at: number, end: number): boolean {
    if (this.#state !== DATA || end - at > this.#size) return false
    this.#size -= end - at
    this.dataBytes += end - at
    if (this.#size === 0) this.#state = DATA_CR
    return true
  }

  /** @returns the offset after the relayed bytes: `end`, or less when the body has ended; or a problem (negative). */
  relay(bytes: Buffer, at: number, end: number, out: Out): number {
    let i = at
    while (i < end && this.#state !== DONE) {
      if (this.#state === SIZE && this.#sizeDigits === 0 && !this.#decodes) {
        const to = this.#wholeChunks(bytes, i, end)
        if (to > i) out.copy(bytes, i, to)
        i = to
        if (i === end) break
      }
      if (this.#state === DATA) {
        const to = Math.min(end, i + this.#size)
        out.copy(bytes, i, to)
        this.#size -= to - i
        this.dataBytes += to - i
        i = to
        if (this.#size === 0) this.#state = DATA_CR
      } else if (this.#state === TRAILERS) {
        i = this.#readTrailers(bytes, i, end, out)
        if (i < 0) return i
      } else {
        if (!this.#step(bytes[i]!, out)) return BAD_CHUNK
        i++
      }
    }
    return i
  }

  /** The offset after the chunks at `at` that are complete and in canonical form; they are copied in one piece. */
  #wholeChunks(bytes: Buffer, at: number, end: number): number {
    let i = at
    while (i < end && bytes[i] !== ZERO) {
      let size = 0
      let line = i
      while (line < end && line - i < wholeDigitsMax && isLowerHex(bytes[line]!)) {
        size = size * 16 + hexValue[bytes[line++]!]!
      }
      const data = line + 2
      const next = data + size + 2
      const isWhole =
        line > i && next <= end && isLineEnd(bytes, line) && isLineEnd(bytes, next - 2)
      if (!isWhole) return i
      this.dataBytes += size
      i = next
    }
    return i
  }

  /** Parses one byte of framing. @returns false when it is not allowed there. */
  #step(byte: number, out: Out): boolean {
    switch (this.#state) {
      case SIZE: {
        const digit = hexValue[byte]!
        if (digit >= 0) {
          this.#size = this.#size * 16 + digit
          // At most 16 digits, leading zeros included, and a safe integer.
          return ++this.#sizeDigits <= 16 && Number.isSafeInteger(this.#size)
        }
        if (this.#sizeDigits === 0) return false
        return this.#endOfPart(byte, EXT_BEFORE)
      }
      case SIZE_LF:
        if (byte !== LF) return false
        if (this.#size === 0) this.#state = TRAILERS
        else {
          this.#state = DATA
          if (!this.#decodes) {
            out.hex(this.#size)
            out.crlf()
          }
        }
        return true
      case DATA_CR:
        this.#state = DATA_LF
        return byte === CR
      case DATA_LF:
        this.#state = SIZE
        this.#size = this.#sizeDigits = 0
        if (!this.#decodes) out.crlf()
        return byte === LF
      default:
        return ++this.#extensionBytes <= httpLimits.chunkExtensionBytesMax && this.#extension(byte)
    }
  }

  /** chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) */
  #extension(byte: number): boolean {
    const isSpace = byte === SP || byte === TAB
    switch (this.#state) {
      case EXT_BEFORE:
        if (byte === SEMICOLON) this.#state = EXT_NAME_FIRST
        return isSpace || byte === SEMICOLON
      case EXT_NAME_FIRST:
        if (isToken[byte] === 1) this.#state = EXT_NAME
        return isSpace || isToken[byte] === 1
      case EXT_NAME:
        if (isToken[byte] === 1) return true
        if (byte === EQUALS) {
          this.#state = EXT_VALUE_FIRST
          return true
        }
        return this.#endOfPart(byte, EXT_NAME_AFTER)
      case EXT_NAME_AFTER:
        if (byte === EQUALS) this.#state = EXT_VALUE_FIRST
        else if (byte === SEMICOLON) this.#state = EXT_NAME_FIRST
        return isSpace || byte === EQUALS || byte === SEMICOLON
      case EXT_VALUE_FIRST:
        if (byte === QUOTE) this.#state = EXT_QUOTED
        else if (isToken[byte] === 1) this.#state = EXT_VALUE
        else return isSpace
        return true
      case EXT_VALUE:
        return isToken[byte] === 1 || this.#endOfPart(byte, EXT_BEFORE)
      case EXT_QUOTED:
        if (byte === QUOTE) this.#state = EXT_VALUE_AFTER
        else if (byte === BACKSLASH) this.#state = EXT_ESCAPED
        return isValue[byte] === 1
      case EXT_ESCAPED:
        this.#state = EXT_QUOTED
        return isValue[byte] === 1
      case EXT_VALUE_AFTER:
        return this.#endOfPart(byte, EXT_BEFORE)
      default:
        return false
    }
  }

  /** After a size, a name or a value: the end of the line, another extension, or white space. */
  #endOfPart(byte: number, afterSpace: number): boolean {
    if (byte === CR) this.#state = SIZE_LF
    else if (byte === SEMICOLON) this.#state = EXT_NAME_FIRST
    else if (byte === SP || byte === TAB) this.#state = afterSpace
    else return false
    return true
  }

  #readTrailers(bytes: Buffer, at: number, end: number, out: Out): number {
    // The common case: no trailers.
    const hasNone = this.#trailers === undefined && bytes[at] === CR && at + 1 < end
    if (hasNone && bytes[at + 1] === LF) {
      this.#state = DONE
      if (!this.#decodes) writeLastChunk(out)
      return at + 2
    }
    const before = this.#trailers?.length ?? 0
    const section =
      this.#trailers === undefined
        ? bytes.subarray(at, end)
        : Buffer.concat([this.#trailers, bytes.subarray(at, end)])
    this.#fields ??= new Fields()
    const fields = this.#fields
    const parsed = fields.parse(section, 0, section.length, false)
    if (parsed < 0) return parsed
    if ((parsed === INCOMPLETE ? section.length : parsed) > httpLimits.trailerBytesMax) {
      return TRAILERS_LARGE
    }
    if (parsed === INCOMPLETE) {
      this.#trailers = Buffer.from(section)
      return end
    }
    this.#state = DONE
    if (this.#decodes) this.trailers = fields
    else writeLastChunk(out, fields)
    return at + parsed - before
  }
}

const ZERO = 0x30
/** Most hexadecimal digits of a chunk size that fits into one read. */
const wholeDigitsMax = 6

const isLowerHex = (byte: number): boolean => hexValue[byte]! >= 0 && (byte < 0x41 || byte > 0x46)

const isLineEnd = (bytes: Buffer, at: number): boolean => bytes[at] === CR && bytes[at + 1] === LF

/** Writes bytes[from..to) as one chunk; nothing when it is empty. */
export function writeChunk(bytes: Buffer, from: number, to: number, out: Out): void {
  if (from === to) return
  out.hex(to - from)
  out.crlf()
  out.copy(bytes, from, to)
  out.crlf()
}

export function writeLastChunk(out: Out, trailers?: Fields): void {
  out.raw(lastChunk)
  if (trailers !== undefined) writeTrailers(trailers, out)
  out.crlf()
}
