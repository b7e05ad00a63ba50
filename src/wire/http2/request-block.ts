// Writes the head of a request to a node as a field block [RFC 9113 8.3.1]. The head is the one that the node would get over
// HTTP/1.1: canonical, with Host in the second line. Only the static table is used.

import { COLON, CR, equals, SP } from '../http/bytes.ts'
import {
  CONNECTION,
  CONTENT_LENGTH,
  DROPPED,
  fieldKind,
  HOST,
  KEEP_ALIVE,
  TRANSFER_ENCODING,
  UPGRADE,
  WEBSOCKET_KEY,
} from '../http/field-name.ts'
import { parseLength } from '../http/framing.ts'
import type { Out } from '../http/out.ts'
import { staticIndex, writeInteger } from './answer-block.ts'

const INDEXED = 0x80
const METHOD_GET = 2
const METHOD_POST = 3
const PATH = 4
const SCHEME_HTTP = 6
const SCHEME_HTTPS = 7
const AUTHORITY = 1
const SLASH = 0x2f

const hostPrefix = 'Host: '.length
const versionLine = ' HTTP/1.1\r\n'.length
const get = Buffer.from('GET')
const post = Buffer.from('POST')
const teName = Buffer.from('te')
const trailers = Buffer.from('trailers')
const connect = Buffer.from('CONNECT')
const protocolName = Buffer.from(':protocol')
const websocket = Buffer.from('websocket')

export interface BlockOptions {
  readonly isSecure: boolean
  /** The client accepts trailers [RFC 9110 10.1.4]. */
  readonly acceptsTrailers: boolean
  /** The request asks for a WebSocket, and becomes an extended CONNECT [RFC 8441 5]. */
  readonly isWebSocket?: boolean
}

export class RequestBlock {
  /** Bytes of the body behind the head that was written last; -1 when it is in chunks. */
  contentLength = 0

  /** @param bytes with a whole head, from 0. @returns the offset behind it. */
  write(bytes: Buffer, options: BlockOptions, out: Out): number {
    const methodTo = indexOf(bytes, SP, 0)
    const targetTo = indexOf(bytes, SP, methodTo + 1)
    const hostFrom = targetTo + versionLine + hostPrefix
    const hostTo = indexOf(bytes, CR, hostFrom)
    const isWebSocket = options.isWebSocket === true
    if (isWebSocket) {
      writeNamed(METHOD_GET, connect, 0, connect.length, out)
      writeLiteral(protocolName, websocket, out)
    } else writeMethod(bytes, methodTo, out)
    writeInteger(INDEXED, 7, options.isSecure ? SCHEME_HTTPS : SCHEME_HTTP, out)
    writeNamed(AUTHORITY, bytes, hostFrom, hostTo, out)
    if (targetTo - methodTo === 2 && bytes[methodTo + 1] === SLASH) out.byte(INDEXED | PATH)
    else writeNamed(PATH, bytes, methodTo + 1, targetTo, out)
    this.contentLength = 0
    let at = hostTo + 2
    while (bytes[at] !== CR) {
      const nameTo = indexOf(bytes, COLON, at)
      const end = indexOf(bytes, CR, nameTo)
      const kind = fieldKind(bytes, at, nameTo)
      if (kind === TRANSFER_ENCODING) this.contentLength = -1
      else if (kind === CONTENT_LENGTH) this.contentLength = parseLength(bytes, nameTo + 2, end)
      if (passes(kind) && !(isWebSocket && kind === WEBSOCKET_KEY))
        writeField(bytes, at, nameTo, end, out)
      at = end + 2
    }
    if (options.acceptsTrailers) writeLiteral(teName, trailers, out)
    return at + 2
  }
}

/** Lines are short, so a loop is faster than a call of a built-in function. */
function indexOf(bytes: Buffer, byte: number, from: number): number {
  let at = from
  while (bytes[at] !== byte) {
    if (at >= bytes.length) throw new RangeError('request head is not canonical')
    at++
  }
  return at
}

function passes(kind: number): boolean {
  switch (kind) {
    case CONNECTION:
    case DROPPED:
    case HOST:
    case KEEP_ALIVE:
    case TRANSFER_ENCODING:
    case UPGRADE:
      return false
    default:
      return true
  }
}

function writeMethod(bytes: Buffer, to: number, out: Out): void {
  if (equals(bytes, 0, to, get)) out.byte(INDEXED | METHOD_GET)
  else if (equals(bytes, 0, to, post)) out.byte(INDEXED | METHOD_POST)
  else writeNamed(METHOD_GET, bytes, 0, to, out)
}

/** @param name number of a static entry with it. */
function writeNamed(name: number, bytes: Buffer, from: number, to: number, out: Out): void {
  writeInteger(0, 4, name, out)
  writeInteger(0, 7, to - from, out)
  out.copy(bytes, from, to)
}

function writeField(bytes: Buffer, from: number, nameTo: number, end: number, out: Out): void {
  const index = staticIndex(bytes, from, nameTo)
  writeInteger(0, 4, index, out)
  if (index === 0) {
    writeInteger(0, 7, nameTo - from, out)
    out.lower(bytes, from, nameTo)
  }
  const valueFrom = nameTo + 2
  writeInteger(0, 7, end - valueFrom, out)
  out.copy(bytes, valueFrom, end)
}

function writeLiteral(name: Buffer, value: Buffer, out: Out): void {
  out.byte(0)
  writeInteger(0, 7, name.length, out)
  out.raw(name)
  writeInteger(0, 7, value.length, out)
  out.raw(value)
}
