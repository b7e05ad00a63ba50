// Parser for response heads of nodes: from bytes to offsets and facts. Nodes are untrusted too: an invalid head is a 502 and
// is not repaired, except that white space before a colon is removed [RFC 9112 5.1]. One object for each pooled exchange.

import { httpLimits } from '../../base/limits.ts'
import { COLON, CR, isDigit, isValue, LF, SP } from './bytes.ts'
import { readConnection } from './connection-field.ts'
import {
  CONNECTION,
  CONTENT_LENGTH,
  DATE,
  KEEP_ALIVE,
  OTHER,
  SET_COOKIE,
  TRANSFER_ENCODING,
  UPGRADE,
  WEBSOCKET_ACCEPT,
} from './field-name.ts'
import { Fields } from './fields.ts'
import { isChunked, parseEqualLengths } from './framing.ts'
import { defaultHeadLimits, type HeadLimits } from './head-limits.ts'
import {
  BAD_CODING,
  BAD_CONNECTION,
  BAD_FIELD,
  BAD_LENGTH,
  BAD_LINE_END,
  BAD_STATUS_LINE,
  HEAD_LARGE,
  INCOMPLETE,
  problemOf,
} from './problem.ts'

const http1 = Buffer.from('HTTP/1.')
const DIGIT_ZERO = 0x30

/** Characters of a field name in a log. */
const loggedNameMax = 64

/** How the end of a body is found: there is no body, by Content-Length, by the last chunk, by the end of the connection. */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export class ResponseHead {
  readonly fields: Fields
  status = 0
  minor = 1
  reasonFrom = 0
  reasonTo = 0
  /** Value of Content-Length, -1 when absent; ignored when `chunked`. */
  contentLength = -1
  chunked = false
  /** The node keeps the connection open. */
  keepAlive = true
  wantsUpgrade = false
  /** Field indexes, -1 when absent. */
  upgrade = -1
  websocketAccept = -1
  keepAliveField = -1
  date = -1
  /** The first of them. */
  setCookie = -1
  nominated: readonly string[] = []
  readonly #limits: HeadLimits
  /** Connection names close, or both framings are there. */
  #closes = false

  constructor(limits: HeadLimits = defaultHeadLimits) {
    this.#limits = limits
    this.fields = new Fields(limits)
  }

  /** The framing of the body [RFC 9112 6.3]. @param toHead the response is one to HEAD. */
  framing(toHead: boolean): Framing {
    if (toHead || this.status < 200 || this.status === 204 || this.status === 304) return 'none'
    if (this.chunked) return 'chunked'
    if (this.contentLength < 0) return 'close'
    return this.contentLength === 0 ? 'none' : 'length'
  }

  /** Parses the head at bytes[at..end). @returns the offset after it, INCOMPLETE, or a problem (negative). */
  parse(bytes: Buffer, at: number, end: number): number {
    const fieldsFrom = this.#line(bytes, at, end)
    if (fieldsFrom < 0) return fieldsFrom
    const bodyFrom =
      fieldsFrom === INCOMPLETE ? INCOMPLETE : this.fields.parse(bytes, fieldsFrom, end, true)
    if (bodyFrom < 0) return bodyFrom
    const length = bodyFrom === INCOMPLETE ? end - at : bodyFrom - at
    if (length > this.#limits.totalBytes) return HEAD_LARGE
    if (bodyFrom === INCOMPLETE) return INCOMPLETE
    const problem = this.#readFields(bytes)
    return problem < 0 ? problem : bodyFrom
  }

  #line(bytes: Buffer, at: number, end: number): number {
    for (let i = 0; i < http1.length && at + i < end; i++) {
      if (bytes[at + i] !== http1[i]) return BAD_STATUS_LINE
    }
    if (end - at < 14) return INCOMPLETE
    if (isDigit[bytes[at + 7]!] !== 1 || bytes[at + 8] !== SP) return BAD_STATUS_LINE
    this.minor = bytes[at + 7] === DIGIT_ZERO ? 0 : 1
    let status = 0
    for (let i = at + 9; i < at + 12; i++) {
      if (isDigit[bytes[i]!] !== 1) return BAD_STATUS_LINE
      status = status * 10 + (bytes[i]! - DIGIT_ZERO)
    }
    // Above 599 no class exists; clients treat it as a server error [RFC 9110 15].
    if (status < 100) return BAD_STATUS_LINE
    this.status = status
    let i = at + 12
    this.reasonFrom = this.reasonTo = i
    if (bytes[i] === SP) {
      this.reasonFrom = ++i
      while (i < end && isValue[bytes[i]!] === 1) i++
      this.reasonTo = i
    }
    if (i + 1 >= end) return i < end && bytes[i] !== CR ? BAD_STATUS_LINE : INCOMPLETE
    if (bytes[i] === CR && bytes[i + 1] === LF) return i + 2
    return bytes[i] === LF ? BAD_LINE_END : BAD_STATUS_LINE
  }

  /** The problem that `parse` has found, for a log. @param problem its result, negative. */
  describe(problem: number): string {
    const { text } = problemOf(problem)
    const { failedName } = this.fields
    return failedName === '' ? text : `${text}: ${failedName.slice(0, loggedNameMax)}`
  }

  /** Reads the fields that a gateway acts on; returns 0 or a problem. */
  #readFields(bytes: Buffer): number {
    const { fields } = this
    this.#reset()
    let codings = 0
    for (let f = 0; f < fields.count; f++) {
      const kind = fields.kinds[f]!
      if (kind === OTHER) continue
      const from = fields.valueFrom(f)
      const to = fields.valueTo(f)
      switch (kind) {
        case CONTENT_LENGTH: {
          const length = parseEqualLengths(bytes, from, to)
          if (length < 0 || (this.contentLength >= 0 && length !== this.contentLength)) {
            return BAD_LENGTH
          }
          this.contentLength = length
          break
        }
        case TRANSFER_ENCODING:
          if (++codings > 1 || !isChunked(bytes, from, to)) return BAD_CODING
          // White space before this colon hides the field from the other side.
          if (bytes[fields.nameTo(f)] !== COLON) return BAD_FIELD
          break
        case CONNECTION:
          if (!this.#readConnection(bytes, from, to)) return BAD_CONNECTION
          break
        case UPGRADE:
          this.upgrade = f
          break
        case WEBSOCKET_ACCEPT:
          this.websocketAccept = f
          break
        case KEEP_ALIVE:
          this.keepAliveField = f
          break
        case DATE:
          this.date = f
          break
        case SET_COOKIE:
          if (this.setCookie < 0) this.setCookie = f
          break
      }
    }
    return this.#frame(codings)
  }

  #reset(): void {
    this.contentLength = -1
    this.chunked = this.wantsUpgrade = this.#closes = false
    this.keepAlive = this.minor === 1
    this.upgrade = this.websocketAccept = this.keepAliveField = this.date = -1
    this.setCookie = -1
    this.nominated = none
  }

  /** @returns false when there are too many options. */
  #readConnection(bytes: Buffer, from: number, to: number): boolean {
    const options = readConnection(bytes, from, to)
    if (options.close) this.#closes = true
    if (options.keepAlive) this.keepAlive = true
    if (options.upgrade) this.wantsUpgrade = true
    if (options.nominated.length > 0) {
      this.nominated = [...this.nominated, ...options.nominated]
      if (this.nominated.length > httpLimits.nominatedMax) return false
    }
    return true
  }

  /** @param codings Transfer-Encoding lines. @returns 0 or a problem. */
  #frame(codings: number): number {
    if (codings > 0) {
      if (this.minor === 0) return BAD_CODING
      this.chunked = true
      // Both framings: chunked wins, and the connection is not reused [RFC 9112 6.3].
      if (this.contentLength >= 0) this.#closes = true
    }
    if (this.#closes) this.keepAlive = false
    return 0
  }
}

const none: readonly string[] = []
