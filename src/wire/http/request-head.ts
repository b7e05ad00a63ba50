// Parser for request heads: from bytes to offsets and the few facts that a gateway acts on. Strict: a message that RFC 9112
// allows a server to repair is refused, because the node may repair it differently. One object for each pooled exchange,
// filled for each request. MCMP has its own string parser, wire/mcmp/head.ts: its messages are few and small, and need all
// their fields as text.

import { httpLimits } from '../../base/limits.ts'
import {
  CR,
  hasAt,
  isDigit,
  isPath,
  isQuery,
  isRawPath,
  isRawQuery,
  isToken,
  LF,
  SP,
} from './bytes.ts'
import { readConnection } from './connection-field.ts'
import { hasConnectionLogin } from './connection-login.ts'
import {
  AUTHORIZATION,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  EXPECT,
  equalsName,
  FOLDED,
  FORWARDED,
  HANDED_OVER,
  HOST,
  MAX_FORWARDS,
  OTHER,
  TRANSFER_ENCODING,
  UPGRADE,
  VIA,
  WEBSOCKET_KEY,
  WEBSOCKET_VERSION,
} from './field-name.ts'
import { Fields, text } from './fields.ts'
import { isChunked, parseLength } from './framing.ts'
import { defaultHeadLimits, type HeadLimits } from './head-limits.ts'
import { isAuthority, isEscape } from './host.ts'
import { isIdempotent } from './method.ts'
import {
  BAD_CODING,
  BAD_CONNECTION,
  BAD_EXPECT,
  BAD_HOST,
  BAD_LENGTH,
  BAD_METHOD,
  BAD_REQUEST_LINE,
  BAD_TARGET,
  BAD_VERSION,
  HEAD_LARGE,
  INCOMPLETE,
  TARGET_LONG,
} from './problem.ts'

const http1 = Buffer.from('HTTP/1.')
const http = Buffer.from('HTTP/')
const schemeHttp = Buffer.from('http://')
const schemeHttps = Buffer.from('https://')
const afterScheme = Buffer.from('://')
const hundredContinue = Buffer.from('100-continue')
const SLASH = 0x2f
const ASTERISK = 0x2a
const QUESTION = 0x3f
const PERCENT = 0x25

export class RequestHead {
  readonly fields: Fields
  methodFrom = 0
  methodTo = 0
  method = ''
  isHead = false
  /** One of GET, POST, PUT, HEAD, DELETE, PATCH, OPTIONS. */
  isCommon = true
  /** The forwarded target: origin form or `*`. Empty for an absolute form without path. */
  targetFrom = 0
  targetTo = 0
  /** Offset behind the `?` of the target; 0 when it has no query. */
  queryFrom = 0
  /** It holds characters or a lone `%` that RFC 3986 has no room for. */
  isRawTarget = false
  /** The minor version as it was sent, 0..9. */
  sentMinor = 1
  /** 0 or 1; a higher minor version counts as 1. */
  minor = 1
  /** Host, or the authority of an absolute-form target, which takes precedence [RFC 9112 3.2.2]. Equal offsets: none. */
  hostFrom = 0
  hostTo = 0
  hasHost = false
  /** Length of the body in bytes; -1 when it is chunked. */
  contentLength = 0
  chunked = false
  hasBody = false
  /** There is a Content-Length field, possibly of 0. */
  declaresLength = false
  keepAlive = true
  expectsContinue = false
  /** Field indexes, -1 when absent. */
  cookie = -1
  upgrade = -1
  via = -1
  forwarded = -1
  maxForwards = -1
  websocketKey = -1
  websocketVersion = -1
  handedOver = -1
  /** There are fields of the kind FOLDED. */
  hasFolded = false
  /** There are credentials that log in the connection, not the request. */
  bindsConnection = false
  /** Connection names Upgrade. */
  wantsUpgrade = false
  /** Further field names in Connection, in lower case: hop-by-hop fields. */
  nominated: readonly string[] = []
  readonly #limits: HeadLimits
  /** Connection names close. */
  #closes = false

  constructor(limits: HeadLimits = defaultHeadLimits) {
    this.#limits = limits
    this.fields = new Fields(limits)
  }

  /** The target was in absolute form: what is forwarded of it begins behind its authority. */
  get isAbsolute(): boolean {
    return this.targetFrom !== this.methodTo + 1
  }

  get isIdempotent(): boolean {
    return isIdempotent(this.method)
  }

  /** Parses the head at bytes[at..end). @returns the offset after it, INCOMPLETE, or a problem (negative). */
  parse(bytes: Buffer, at: number, end: number): number {
    const fieldsFrom = this.#line(bytes, at, end)
    if (fieldsFrom <= 0) return fieldsFrom === INCOMPLETE ? this.#tooLong(end - at) : fieldsFrom
    const bodyFrom = this.fields.parse(bytes, fieldsFrom, end, false)
    if (bodyFrom <= 0) return bodyFrom === INCOMPLETE ? this.#tooLong(end - at) : bodyFrom
    if (bodyFrom - at > this.#limits.totalBytes) return HEAD_LARGE
    const problem = this.#readFields(bytes)
    return problem < 0 ? problem : bodyFrom
  }

  #tooLong(length: number): number {
    return length > this.#limits.totalBytes ? HEAD_LARGE : INCOMPLETE
  }

  #line(bytes: Buffer, at: number, end: number): number {
    let i = at
    // Up to two empty lines before the request line are skipped: some clients send one after a body [RFC 9112 2.2].
    for (let skipped = 0; skipped < 2 && bytes[i] === CR && i + 1 < end; skipped++) {
      if (bytes[i + 1] !== LF) return BAD_REQUEST_LINE
      i += 2
    }
    if (i >= end || (bytes[i] === CR && i + 1 >= end)) return INCOMPLETE
    this.methodFrom = i
    while (i < end && isToken[bytes[i]!] === 1) i++
    if (i - this.methodFrom > httpLimits.methodBytesMax) return BAD_REQUEST_LINE
    if (i >= end) return INCOMPLETE
    if (i === this.methodFrom || bytes[i] !== SP) return BAD_REQUEST_LINE
    this.methodTo = i
    const common = commonMethod(bytes, this.methodFrom, i)
    this.isCommon = common !== undefined
    this.method = common ?? text(bytes, this.methodFrom, i)
    this.isHead = common === 'HEAD'
    i = this.#target(bytes, i + 1, end)
    if (i <= 0) return i
    return this.#version(bytes, i + 1, end)
  }

  /** Sets target and, for the absolute form, host; returns the offset of the space after the target. */
  #target(bytes: Buffer, at: number, end: number): number {
    if (at >= end) return INCOMPLETE
    let i = at
    this.hostFrom = this.hostTo = 0
    if (this.method === 'CONNECT') return BAD_METHOD
    if (bytes[i] === ASTERISK) {
      if (i + 1 >= end) return INCOMPLETE
      if (bytes[i + 1] !== SP || this.method !== 'OPTIONS') return BAD_TARGET
      this.targetFrom = i
      this.targetTo = i + 1
      this.queryFrom = 0
      this.isRawTarget = false
      return i + 1
    }
    if (bytes[i] !== SLASH) {
      const scheme = (bytes[i + 4]! | 0x20) === 0x73 ? schemeHttps : schemeHttp
      if (end - i < scheme.length) return couldBecome(bytes, i, end)
      const slashes = i + scheme.length - 3
      if (!equalsName(bytes, i, slashes, scheme.subarray(0, -3))) return BAD_TARGET
      if (!hasAt(bytes, slashes, afterScheme)) return BAD_TARGET
      i += scheme.length
      const authorityFrom = i
      while (i < end && bytes[i] !== SLASH && bytes[i] !== QUESTION && bytes[i] !== SP) i++
      if (i >= end) return i - at > httpLimits.targetBytesMax ? TARGET_LONG : INCOMPLETE
      if (!isAuthority(bytes, authorityFrom, i, false)) return BAD_TARGET
      this.hostFrom = authorityFrom
      this.hostTo = i
    }
    this.targetFrom = i
    this.queryFrom = 0
    this.isRawTarget = false
    for (; i < end; i++) {
      const byte = bytes[i]!
      if (isPath[byte] === 1) continue
      if (byte === PERCENT && isNul(bytes, i, end)) return BAD_TARGET
      if (byte !== PERCENT && isRawPath[byte] === 0) break
      if (byte !== PERCENT || !isEscape(bytes, i, end)) this.isRawTarget = true
    }
    if (i < end && bytes[i] === QUESTION) {
      this.queryFrom = i + 1
      for (i++; i < end; i++) {
        const byte = bytes[i]!
        if (isQuery[byte] === 1) continue
        if (byte !== PERCENT && isRawQuery[byte] === 0) break
        if (byte !== PERCENT || !isEscape(bytes, i, end)) this.isRawTarget = true
      }
    }
    if (i - this.targetFrom > httpLimits.targetBytesMax) return TARGET_LONG
    if (i >= end) return INCOMPLETE
    if (bytes[i] !== SP) return BAD_TARGET
    this.targetTo = i
    return i
  }

  #version(bytes: Buffer, at: number, end: number): number {
    if (at + 10 > end) return INCOMPLETE
    if (!hasAt(bytes, at, http1)) {
      const other =
        hasAt(bytes, at, http) && isDigit[bytes[at + 5]!] === 1 && bytes[at + 6] === 0x2e
      const isPreface = this.method === 'PRI'
      return other && !isPreface && isDigit[bytes[at + 7]!] === 1 && bytes[at + 8] === CR
        ? BAD_VERSION
        : BAD_REQUEST_LINE
    }
    if (isDigit[bytes[at + 7]!] !== 1 || bytes[at + 8] !== CR || bytes[at + 9] !== LF) {
      return BAD_REQUEST_LINE
    }
    this.sentMinor = bytes[at + 7]! - 0x30
    this.minor = this.sentMinor === 0 ? 0 : 1
    return at + 10
  }

  /** Reads the fields that a gateway acts on; returns 0 or a problem. */
  #readFields(bytes: Buffer): number {
    const { fields } = this
    this.#reset()
    const fromTarget = this.hostFrom !== this.hostTo
    let hosts = 0
    let length = -1
    let codings = 0
    for (let f = 0; f < fields.count; f++) {
      const kind = fields.kinds[f]!
      if (kind === OTHER) continue
      const from = fields.valueFrom(f)
      const to = fields.valueTo(f)
      switch (kind) {
        case HOST:
          if (++hosts > 1 || !isAuthority(bytes, from, to, true)) return BAD_HOST
          if (!fromTarget) {
            this.hostFrom = from
            this.hostTo = to
          }
          break
        case CONTENT_LENGTH:
          if (length >= 0) return BAD_LENGTH
          length = parseLength(bytes, from, to)
          if (length < 0) return BAD_LENGTH
          break
        case TRANSFER_ENCODING:
          if (++codings > 1 || !isChunked(bytes, from, to)) return BAD_CODING
          break
        case CONNECTION:
          if (!this.#readConnection(bytes, from, to)) return BAD_CONNECTION
          break
        case EXPECT:
          // Ignored from HTTP/1.0 clients [RFC 9110 10.1.1].
          if (this.minor === 0) break
          if (!equalsName(bytes, from, to, hundredContinue)) return BAD_EXPECT
          this.expectsContinue = true
          break
        default:
          this.#noteField(kind, f, from, to)
      }
    }
    this.hasHost = hosts === 1 || fromTarget
    if (hosts === 0 && this.minor === 1) return BAD_HOST
    if (this.method === 'TRACE') return BAD_METHOD
    return this.#frame(length, codings)
  }

  #reset(): void {
    this.contentLength = 0
    this.chunked = this.#closes = false
    this.keepAlive = this.minor === 1
    this.expectsContinue = this.wantsUpgrade = this.hasFolded = this.bindsConnection = false
    this.cookie = this.upgrade = this.via = this.forwarded = this.maxForwards = -1
    this.websocketKey = this.websocketVersion = this.handedOver = -1
    this.nominated = none
  }

  /** @returns false when an option names a framing field, or when there are too many. */
  #readConnection(bytes: Buffer, from: number, to: number): boolean {
    const options = readConnection(bytes, from, to)
    if (options.close) this.#closes = true
    if (options.keepAlive) this.keepAlive = true
    if (options.upgrade) this.wantsUpgrade = true
    if (options.nominated.length > 0) {
      if (options.nominated.some((name) => framing.has(name))) return false
      this.nominated = [...this.nominated, ...options.nominated]
      if (this.nominated.length > httpLimits.nominatedMax) return false
    }
    return true
  }

  /** Fields that a later stage reads: of Cookie the first line counts, of the others the last. */
  #noteField(kind: number, f: number, from: number, to: number): void {
    if (kind === COOKIE) {
      if (this.cookie < 0) this.cookie = f
    } else if (kind === VIA) this.via = f
    else if (kind === UPGRADE) this.upgrade = f
    else if (kind === FORWARDED) this.forwarded = f
    else if (kind === MAX_FORWARDS) this.maxForwards = f
    else if (kind === WEBSOCKET_KEY) this.websocketKey = f
    else if (kind === WEBSOCKET_VERSION) this.websocketVersion = f
    else if (kind === HANDED_OVER) this.handedOver = f
    else if (kind === FOLDED) this.hasFolded = true
    else if (kind === AUTHORIZATION && hasConnectionLogin(this.fields.bytes, from, to))
      this.bindsConnection = true
  }

  /** @param length value of Content-Length, or -1. @param codings Transfer-Encoding lines. @returns 0 or a problem. */
  #frame(length: number, codings: number): number {
    if (this.#closes) this.keepAlive = false
    if (codings > 0) {
      // Both framings, or chunked from HTTP/1.0: a smuggled request [RFC 9112 6.1].
      if (length >= 0 || this.minor === 0) return BAD_CODING
      this.chunked = true
      this.contentLength = -1
    } else if (length > 0) this.contentLength = length
    this.hasBody = this.contentLength !== 0
    this.declaresLength = length >= 0
    return 0
  }
}

const none: readonly string[] = []
const framing = new Set(['content-length', 'transfer-encoding'])

const commonMethods = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS'].map((name) => ({
  name,
  bytes: Buffer.from(name),
}))

/** The name of a common method, without allocating a string. */
function commonMethod(bytes: Buffer, from: number, to: number): string | undefined {
  for (const method of commonMethods) {
    if (method.bytes.length === to - from && hasAt(bytes, from, method.bytes)) return method.name
  }
  return undefined
}

/** An incomplete target. @returns INCOMPLETE if it can still become an absolute form, else a problem. */
function couldBecome(bytes: Buffer, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const wanted = schemeHttps[i - at]!
    if ((bytes[i]! | 0x20) !== wanted && bytes[i] !== schemeHttp[i - at]) return BAD_TARGET
  }
  return INCOMPLETE
}

/** Whether `%00` is at `at`: some servers end the string there. */
function isNul(bytes: Buffer, at: number, end: number): boolean {
  return at + 2 < end && bytes[at + 1] === 0x30 && bytes[at + 2] === 0x30
}
