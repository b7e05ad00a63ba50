// Writes the fields of a response from a node as the head of an HTTP/1.1 message, which `ResponseHead` parses like any other.
// What HTTP/2 does not allow makes the response invalid [RFC 9113 8.2, 8.3.2].

import { STATUS_CODES } from 'node:http'
import { equals, isDigit } from '../http/bytes.ts'
import { parseLength } from '../http/framing.ts'
import { Out } from '../http/out.ts'
import type { FieldSink } from './field-decoder.ts'
import type { FieldLine } from './field-line.ts'
import { isGrpc } from './grpc.ts'

/** By status. With a reason, because some clients find no status in a line without one. */
const statusLines: ReadonlyMap<number, Buffer> = new Map(
  Object.entries(STATUS_CODES).map(([status, reason]) => [
    Number(status),
    Buffer.from(`HTTP/1.1 ${status} ${reason}\r\n`),
  ]),
)
const version = Buffer.from('HTTP/1.1 ')
const unknownReason = Buffer.from(' Unknown\r\n')
const emptyLine = Buffer.from('Content-Length: 0\r\n')
const contentType = Buffer.from('content-type')
const switching = Buffer.from(
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ',
)
const acceptName = Buffer.from('sec-websocket-accept')

/** How the body follows the head: none, as many bytes as announced, or until the stream ends. */
export type ResponseBody = 'none' | 'length' | 'stream'

export class ResponseText implements FieldSink {
  status = 0
  /** Value of content-length, -1 without one. */
  contentLength = -1
  /** Why it is not a response; '' when it is one. */
  problem = ''
  #out: Out = none
  #lengthLine: Buffer | undefined
  #isGrpc = false
  #hasLine = false
  #accept: string | undefined
  readonly #fields: Out = new Out(4_096)

  /** @param accept the request was an extended CONNECT: the Sec-WebSocket-Accept of its client. */
  begin(out: Out, accept?: string): void {
    this.#out = out
    this.#accept = accept
    this.status = 0
    this.contentLength = -1
    this.problem = ''
    this.#lengthLine = undefined
    this.#isGrpc = false
    this.#hasLine = false
    this.#fields.clear()
  }

  field(line: FieldLine): void {
    if (this.problem !== '') return
    const { bytes, nameTo, valueTo } = line
    switch (line.kind) {
      case ':status':
        return this.#readStatus(bytes, nameTo + 2, valueTo)
      case 'field':
        if (equals(bytes, 0, nameTo, contentType)) this.#isGrpc = isGrpc(bytes, nameTo + 2, valueTo)
        else if (this.#accept !== undefined && equals(bytes, 0, nameTo, acceptName)) return
        break
      case 'content-length':
        return this.#readLength(line)
      case 'cookie':
      case 'host':
        break
      case 'te':
        return
      default:
        this.problem = 'a field that HTTP/2 does not allow in a response'
        return
    }
    this.#hasLine = true
    this.#fields.copy(bytes, 0, valueTo + 2)
  }

  /**
   * Writes the head, unless there is a problem.
   * @param isLast neither body nor trailers follow.
   * @param toHead the response is one to HEAD.
   */
  end(isLast: boolean, toHead: boolean): ResponseBody {
    const { status } = this
    if (status === 0) this.#fail('no :status')
    else if (status === 101) this.#fail('a status of 101')
    else if (status < 200 && isLast) this.#fail('an interim response that ends the stream')
    if (this.problem !== '') return 'none'
    const out = this.#out
    if (this.#accept !== undefined && status >= 200 && status < 300 && !isLast)
      return this.#switch(this.#accept, out)
    writeStatusLine(status, out)
    out.copy(this.#fields.bytes, 0, this.#fields.length)
    const body = this.#endFraming(isLast, toHead, out)
    out.crlf()
    return body
  }

  /** A 2xx opens the tunnel, and has no content-length [RFC 9110 9.3.6]. */
  #switch(accept: string, out: Out): ResponseBody {
    out.raw(switching)
    out.latin1(accept)
    out.crlf()
    out.copy(this.#fields.bytes, 0, this.#fields.length)
    out.crlf()
    return 'stream'
  }

  #endFraming(isLast: boolean, toHead: boolean, out: Out): ResponseBody {
    const { status, contentLength } = this
    if (status < 200) return 'none'
    if (toHead || status === 204 || status === 304) {
      if (this.#lengthLine !== undefined) out.raw(this.#lengthLine)
      return 'none'
    }
    if (isLast) {
      if (contentLength > 0) this.#fail('a body shorter than its content-length')
      out.raw(emptyLine)
      return 'none'
    }
    // Trailers of gRPC count more than the length of what precedes them.
    if (contentLength < 0 || this.#isGrpc) return 'stream'
    out.raw(this.#lengthLine as Buffer)
    return contentLength === 0 ? 'none' : 'length'
  }

  #readStatus(bytes: Buffer, from: number, to: number): void {
    if (this.status !== 0 || this.#hasLine) return this.#fail('a misplaced :status')
    if (to - from !== 3) return this.#fail('an invalid :status')
    let status = 0
    for (let i = from; i < to; i++) {
      if (isDigit[bytes[i]!] !== 1) return this.#fail('an invalid :status')
      status = status * 10 + bytes[i]! - 0x30
    }
    if (status < 100) return this.#fail('an invalid :status')
    this.status = status
  }

  #readLength({ bytes, nameTo, valueTo }: FieldLine): void {
    this.#hasLine = true
    const length = parseLength(bytes, nameTo + 2, valueTo)
    if (length < 0 || this.contentLength >= 0) return this.#fail('an invalid content-length')
    this.contentLength = length
    this.#lengthLine = Buffer.from(bytes.subarray(0, valueTo + 2))
  }

  #fail(problem: string): void {
    if (this.problem === '') this.problem = problem
  }
}

function writeStatusLine(status: number, out: Out): void {
  const known = statusLines.get(status)
  if (known !== undefined) return out.raw(known)
  out.raw(version)
  out.digits(status, 3)
  out.raw(unknownReason)
}

const none = new Out(1)
