// Converts SEND_HEADERS of a container to a canonical HTTP/1.1 head. Every length is checked, since containers are untrusted
// too. Problems are returned as text.

import { STATUS_CODES } from 'node:http'
import { isToken, isValue } from '../http/bytes.ts'
import {
  CONTENT_LENGTH,
  fieldKind,
  KEEP_ALIVE,
  TRANSFER_ENCODING,
  UPGRADE,
} from '../http/field-name.ts'
import { parseLength } from '../http/framing.ts'
import type { Out } from '../http/out.ts'
import type { Framing } from '../http/response-head.ts'
import { NAME_CODES, NO_STRING, responseNames } from './codes.ts'

const separator = Buffer.from(': ')
const contentLengthName = Buffer.from('Content-Length: ')
const chunkedLine = Buffer.from('Transfer-Encoding: chunked\r\n')

export class AnswerHead {
  status = 0
  /** Framing of the body in the HTTP/1.1 output. */
  framing: Framing = 'none'
  /** Value of Content-Length; -1 when absent. */
  contentLength = -1
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0

  /**
   * Parses bytes[at..end), the content of a packet after its type, and writes the head to `out`.
   * @param toHead the response is one to HEAD.
   * @returns a problem; `out` then has an incomplete head.
   */
  read(bytes: Buffer, at: number, end: number, toHead: boolean, out: Out): string | undefined {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.contentLength = -1
    const status = this.#integer()
    // AJP has no interim responses: a 1xx status is an error.
    if (status < 200 || status > 999) return 'invalid status'
    this.status = status
    out.latin1(`HTTP/1.1 ${status} `)
    const reasonTo = this.#string(isValue)
    if (reasonTo < 0) return 'invalid reason phrase'
    this.#writeReason(reasonTo, out)
    const count = this.#integer()
    if (count < 0) return 'head too short'
    for (let f = 0; f < count; f++) {
      const problem = this.#field(out)
      if (problem !== undefined) return problem
    }
    if (this.#at !== this.#end) return 'bytes after the fields of a head'
    this.#frame(toHead, out)
    return undefined
  }

  #frame(toHead: boolean, out: Out): void {
    const { status } = this
    if (this.contentLength >= 0) {
      out.raw(contentLengthName)
      out.decimal(this.contentLength)
      out.crlf()
    }
    if (toHead || status === 204 || status === 304 || this.contentLength === 0)
      this.framing = 'none'
    else if (this.contentLength > 0) this.framing = 'length'
    else {
      this.framing = 'chunked'
      out.raw(chunkedLine)
    }
    out.crlf()
  }

  /** Some containers send the status as reason phrase; it is replaced by the standard one. */
  #writeReason(reasonTo: number, out: Out): void {
    const from = this.#stringFrom
    const reason = this.#bytes.toString('latin1', from, reasonTo)
    if (reason === '' || reason === String(this.status)) {
      out.latin1(STATUS_CODES[this.status] ?? '')
    } else out.copy(this.#bytes, from, reasonTo)
    out.crlf()
  }

  #field(out: Out): string | undefined {
    const bytes = this.#bytes
    let name: Buffer
    let from = 0
    let to: number
    if (this.#at < this.#end && bytes[this.#at] === NAME_CODES) {
      const known = responseNames[this.#integer() & 0xff]
      if (known === undefined) return 'unknown code of a field name'
      name = known
      to = known.length
    } else {
      to = this.#string(isToken)
      from = this.#stringFrom
      if (to <= from) return 'invalid field name'
      name = bytes
    }
    const valueTo = this.#string(isValue)
    if (valueTo < 0) return 'invalid field value'
    switch (fieldKind(name, from, to)) {
      case CONTENT_LENGTH:
        return this.#length(this.#stringFrom, valueTo)
      // Connection-specific fields of HTTP/1.
      case KEEP_ALIVE:
      case TRANSFER_ENCODING:
        return undefined
      case UPGRADE:
        if (this.status !== 426) return undefined
    }
    out.copy(name, from, to)
    out.raw(separator)
    out.copy(bytes, this.#stringFrom, valueTo)
    out.crlf()
    return undefined
  }

  #length(from: number, to: number): string | undefined {
    const length = parseLength(this.#bytes, from, to)
    const isOther = this.contentLength >= 0 && length !== this.contentLength
    if (length < 0 || isOther) return 'invalid or conflicting Content-Length'
    this.contentLength = length
    return undefined
  }

  #integer(): number {
    if (this.#end - this.#at < 2) return -1
    this.#at += 2
    return this.#bytes.readUInt16BE(this.#at - 2)
  }

  /** Start of the string that `#string` has read last. */
  #stringFrom = 0

  /** Reads a string of allowed bytes. @returns its end, or -1. An absent string is empty. */
  #string(allowed: Uint8Array): number {
    const length = this.#integer()
    this.#stringFrom = this.#at
    if (length < 0) return -1
    if (length === NO_STRING) return this.#at
    const to = this.#at + length
    if (to >= this.#end || this.#bytes[to] !== 0) return -1
    for (let i = this.#at; i < to; i++) if (allowed[this.#bytes[i]!] !== 1) return -1
    this.#at = to + 1
    return to
  }
}
