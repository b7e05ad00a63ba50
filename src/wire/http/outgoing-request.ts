// Writes the request head for a node: origin form, HTTP/1.1, one Host, one framing, no hop-by-hop fields. Our own lines are
// last, so that a client's lines cannot override them.

import type { ForwardedLines } from '../forwarded.ts'
import { isClaim } from '../forwarded.ts'
import { writeFields } from './field-lines.ts'
import {
  CLAIM,
  CONNECTION,
  CONTENT_LENGTH,
  COOKIE,
  DROPPED,
  EXPECT,
  FOLDED,
  FORWARDED,
  HANDED_OVER,
  HOST,
  KEEP_ALIVE,
  MAX_FORWARDS,
  OTHER,
  REQUEST_ID,
  TRACEPARENT,
  TRACESTATE,
  TRANSFER_ENCODING,
  UPGRADE,
  VIA,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PROTO,
} from './field-name.ts'
import type { Fields } from './fields.ts'
import type { Out } from './out.ts'
import type { RequestHead } from './request-head.ts'

const version = Buffer.from(' HTTP/1.1\r\nHost: ')
const contentLength = Buffer.from('Content-Length: ')
const chunkedLine = Buffer.from('Transfer-Encoding: chunked\r\n')
const upgradeLines = Buffer.from('Connection: Upgrade\r\nUpgrade: ')
const maxForwards = Buffer.from('Max-Forwards: ')
const traceparent = Buffer.from('traceparent: ')
const requestId = Buffer.from('X-Request-Id: ')
const space = Buffer.from(' ')
const QUESTION = 0x3f

/** Where the request comes from. */
interface RequestOrigin {
  readonly forwarded: ForwardedLines
  /** The client's own forwarding fields (CLAIM) are passed on. */
  readonly trusted: boolean
  /** The mark of a hand-over in the head is our own; that of a client never goes on. */
  readonly isMarked?: boolean | undefined
  /** Local address and port of the connection: Host for HTTP/1.0 requests without one. */
  readonly localAuthority: string
}

interface OutgoingTrace {
  /** Value of `traceparent`. */
  readonly parentForNode: string
  /** The trace is the client's, and so its `tracestate` is passed on. */
  readonly isContinued: boolean
}

interface OutgoingRequest {
  readonly head: RequestHead
  readonly client: RequestOrigin
  /** Value of `Upgrade`: the connection may become a tunnel. */
  readonly upgrade?: string | undefined
  /** Forward fields of the kind FOLDED. */
  readonly passesFolded: boolean
  /** The target to send instead, when the session id is stripped from it. */
  readonly target?: string | undefined
  /** The Host to send instead. */
  readonly host?: string | undefined
  /** The Cookie value to send instead. */
  readonly cookie?: string | undefined
  /** Replaces the fields of the client; without it, they are passed on. */
  readonly trace?: OutgoingTrace | undefined
  /** Replaces the X-Request-Id of the client; without it, that is passed on. */
  readonly id?: string | undefined
}

/** @throws RangeError when one of our own lines is not canonical. */
export function writeRequestHead(request: OutgoingRequest, out: Out): void {
  const { head } = request
  const { fields } = head
  const { bytes } = fields
  out.copy(bytes, head.methodFrom, head.methodTo)
  out.raw(space)
  // `http://host?query` is a request for the root [RFC 9110 4.2.3].
  if (bytes[head.targetFrom] === QUESTION && head.targetFrom < head.targetTo) out.latin1('/')
  if (request.target !== undefined) out.latin1(request.target)
  else if (head.targetFrom < head.targetTo) out.copy(bytes, head.targetFrom, head.targetTo)
  else out.latin1(head.method === 'OPTIONS' ? '*' : '/')
  out.raw(version)
  if (request.host !== undefined) out.latin1(request.host)
  else if (head.hasHost) out.copy(bytes, head.hostFrom, head.hostTo)
  else out.latin1(request.client.localAuthority)
  out.crlf()
  writeFields(fields, keeps, request, out)
  if (request.cookie !== undefined && request.cookie !== '')
    out.latin1(`Cookie: ${request.cookie}\r\n`)
  if (head.maxForwards >= 0 && head.method === 'OPTIONS') {
    out.raw(maxForwards)
    out.decimal(hopsLeft(fields.value(head.maxForwards)))
    out.crlf()
  }
  if (head.chunked) out.raw(chunkedLine)
  else if (head.hasBody || head.declaresLength) {
    out.raw(contentLength)
    out.decimal(head.contentLength)
    out.crlf()
  }
  if (request.upgrade !== undefined) {
    out.raw(upgradeLines)
    out.latin1(request.upgrade)
    out.crlf()
  }
  if (request.id !== undefined) {
    out.raw(requestId)
    out.latin1(request.id)
    out.crlf()
  }
  if (request.trace !== undefined) {
    out.raw(traceparent)
    out.latin1(request.trace.parentForNode)
    out.crlf()
  }
  request.client.forwarded.write(fields, head.minor, head.hostFrom, head.hostTo, out)
  out.crlf()
}

/** Max-Forwards - 1, at least 0; 0 for anything but up to nine digits [RFC 9110 7.6.2]. */
function hopsLeft(value: string): number {
  return /^\d{1,9}$/.test(value) ? Math.max(0, Number(value) - 1) : 0
}

function keeps(fields: Fields, index: number, request: OutgoingRequest): boolean {
  const kind = fields.kinds[index]!
  const { head } = request
  switch (kind) {
    case OTHER:
      return head.nominated.length === 0 || !head.nominated.includes(fields.name(index))
    case HANDED_OVER:
      return request.client.isMarked === true
    case TRACEPARENT:
      return request.trace === undefined && !head.nominated.includes(fields.name(index))
    case TRACESTATE:
      return request.trace?.isContinued !== false && !head.nominated.includes(fields.name(index))
    case REQUEST_ID:
      return request.id === undefined && !head.nominated.includes(fields.name(index))
    case FOLDED:
      return request.passesFolded && !head.nominated.includes(fields.name(index))
    case VIA:
      return true
    case HOST:
    case CONTENT_LENGTH:
    case TRANSFER_ENCODING:
    case CONNECTION:
    case DROPPED:
    case KEEP_ALIVE:
    case UPGRADE:
      return false
    case EXPECT:
      return head.expectsContinue
    case MAX_FORWARDS:
      return head.method !== 'OPTIONS'
    case CLAIM:
      return request.client.trusted
    case FORWARDED:
    case X_FORWARDED_FOR:
    case X_FORWARDED_PROTO:
    case X_FORWARDED_HOST:
      return false
    default:
      if (kind === COOKIE && request.cookie !== undefined) return false
      return !isClaim(kind) && !head.nominated.includes(fields.name(index))
  }
}
