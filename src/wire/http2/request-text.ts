// Writes the fields of a request as the head of an HTTP/1.1 message, which `RequestHead` parses like any other. What HTTP/2
// does not allow is refused here, because HTTP/1.1 would read it differently [RFC 9113 8.2, 8.3, 10.3].

import { equals, isToken, SP } from '../http/bytes.ts'
import { text } from '../http/fields.ts'
import { parseLength } from '../http/framing.ts'
import { isAuthority } from '../http/host.ts'
import { Out } from '../http/out.ts'
import type { FieldSink } from './field-decoder.ts'
import type { FieldLine } from './field-line.ts'
import { isGrpc, readGrpcTimeout } from './grpc.ts'

/** A value in `#pseudo`; `from` is -1 while there is none. */
interface Part {
  from: number
  to: number
}

const version = Buffer.from(' HTTP/1.1\r\n')
const hostName = Buffer.from('Host: ')
const cookieName = Buffer.from('Cookie: ')
const crumbSeparator = Buffer.from('; ')
const post = Buffer.from('POST')
const put = Buffer.from('PUT')
const patch = Buffer.from('PATCH')
const emptyLine = Buffer.from('Content-Length: 0\r\n')
const chunkedLine = Buffer.from('Transfer-Encoding: chunked\r\n')
const websocketLines = Buffer.from(
  // The key is for nodes that insist on one: a stream has no other key to answer for [RFC 8441 5].
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dG9wc3Bpbi1zdHJlYW0tMQ==\r\n',
)
const keyName = Buffer.from('sec-websocket-key')
const priorityName = Buffer.from('priority')
const contentType = Buffer.from('content-type')
const grpcTimeout = Buffer.from('grpc-timeout')
const get = Buffer.from('GET')
const connect = Buffer.from('CONNECT')
/** Of the preface, which nothing else may begin [RFC 9113 11.6]. */
const pri = Buffer.from('PRI')
const options = Buffer.from('OPTIONS')
const http = Buffer.from('http')
const https = Buffer.from('https')
const websocket = Buffer.from('websocket')
const SLASH = 0x2f
const ASTERISK = 0x2a

/** Why there is no head: the request is malformed; a method that is never forwarded; a protocol that is not carried over a stream. */
export type RequestProblem = 'malformed' | 'method' | 'protocol'

export class RequestText implements FieldSink {
  /** The heads of requests, one after the other. */
  readonly out: Out
  /** The bytes of the body by Content-Length, -1 without. */
  contentLength = -1
  /** A WebSocket: the stream becomes a tunnel when the node agrees [RFC 8441]. */
  isTunnel = false
  /** The `priority` field, '' without [RFC 9218 5]. */
  priority = ''
  /** There is `te: trailers`. */
  acceptsTrailers = false
  /** The body is of gRPC. */
  isGrpc = false
  /** When a call of gRPC must have ended, ms from now. */
  timeoutMs: number = Number.POSITIVE_INFINITY
  #problem: RequestProblem | undefined
  /** Where the present head begins in `out`. */
  #from = 0
  readonly #pseudo: Out = new Out(1_024)
  readonly #method: Part = { from: -1, to: -1 }
  readonly #scheme: Part = { from: -1, to: -1 }
  readonly #authority: Part = { from: -1, to: -1 }
  readonly #path: Part = { from: -1, to: -1 }
  readonly #protocol: Part = { from: -1, to: -1 }
  /** `host` is kept like a pseudo-header field: it may repeat `:authority`. */
  readonly #host: Part = { from: -1, to: -1 }
  readonly #cookies: Out = new Out(1_024)
  /** The request line has been written. */
  #hasLine = false

  constructor(out: Out) {
    this.out = out
  }

  /** `:authority` of the request that `end` has ended, or its `host`. */
  get authority(): string {
    const { from, to } = this.#authority.from >= 0 ? this.#authority : this.#host
    return text(this.#pseudo.bytes, from, to)
  }

  begin(): void {
    this.contentLength = -1
    this.isTunnel = this.acceptsTrailers = this.isGrpc = false
    this.priority = ''
    this.timeoutMs = Number.POSITIVE_INFINITY
    this.#problem = undefined
    this.#from = this.out.length
    this.#pseudo.clear()
    this.#cookies.clear()
    this.#hasLine = false
    this.#method.from = this.#scheme.from = this.#authority.from = -1
    this.#path.from = this.#protocol.from = this.#host.from = -1
  }

  field(line: FieldLine): void {
    if (this.#problem !== undefined) return
    switch (line.kind) {
      case 'field':
        this.#endPseudo()
        if (this.#isOwn(line)) return
        this.#note(line)
        return this.out.copy(line.bytes, 0, line.valueTo + 2)
      case 'cookie':
        this.#endPseudo()
        return this.#addCrumb(line)
      case 'host':
        this.#endPseudo()
        return this.#setPart(this.#host, line)
      case 'content-length':
        this.#endPseudo()
        return this.#setLength(line)
      case 'te':
        this.acceptsTrailers = true
        return this.#endPseudo()
      case 'bad':
      case ':status':
        return this.#fail('malformed')
      default:
        if (this.#hasLine) return this.#fail('malformed')
        return this.#setPart(this.#partOf(line.kind), line)
    }
  }

  /**
   * Ends the head, which lies at out[from..out.length) then.
   * @param hasBody DATA follows.
   * @returns the problem because of which there is none.
   */
  end(hasBody: boolean): RequestProblem | undefined {
    this.#endPseudo()
    if (this.#problem === undefined) this.#writeHost()
    if (this.contentLength > 0 && (!hasBody || this.isTunnel)) this.#fail('malformed')
    if (this.#problem !== undefined) {
      this.out.length = this.#from
      return this.#problem
    }
    const { out } = this
    const cookies = this.#cookies
    if (cookies.length > 0) {
      out.raw(cookieName)
      out.copy(cookies.bytes, 0, cookies.length)
      out.crlf()
    }
    if (this.isTunnel) out.raw(websocketLines)
    else if (this.contentLength < 0 && hasBody) out.raw(chunkedLine)
    else if (this.contentLength < 0 && this.#expectsBody()) out.raw(emptyLine)
    out.crlf()
    return undefined
  }

  #fail(problem: RequestProblem): void {
    this.#problem ??= problem
  }

  #partOf(kind: FieldLine['kind']): Part {
    switch (kind) {
      case ':method':
        return this.#method
      case ':scheme':
        return this.#scheme
      case ':authority':
        return this.#authority
      case ':path':
        return this.#path
      default:
        return this.#protocol
    }
  }

  #setPart(part: Part, { bytes, nameTo, valueTo }: FieldLine): void {
    if (part.from >= 0) return this.#fail('malformed')
    part.from = this.#pseudo.length
    this.#pseudo.copy(bytes, nameTo + 2, valueTo)
    part.to = this.#pseudo.length
  }

  /** Writes the request line before the first field that is no pseudo-header field. */
  #endPseudo(): void {
    if (this.#hasLine || this.#problem !== undefined) return
    this.#hasLine = true
    if (!this.#isValid()) return
    const { out } = this
    const { bytes } = this.#pseudo
    if (this.isTunnel) out.raw(get)
    else out.copy(bytes, this.#method.from, this.#method.to)
    out.byte(SP)
    out.copy(bytes, this.#path.from, this.#path.to)
    out.raw(version)
  }

  #isValid(): boolean {
    const { bytes } = this.#pseudo
    const method = this.#method
    if (method.from < 0 || !isTokenIn(bytes, method)) this.#fail('malformed')
    else if (this.#equals(method, connect)) this.#checkConnect()
    else if (this.#equals(method, pri)) this.#fail('method')
    else if (this.#protocol.from >= 0) this.#fail('malformed')
    const scheme = this.#scheme
    if (scheme.from < 0 || !(this.#isSame(scheme, http) || this.#isSame(scheme, https)))
      this.#fail('malformed')
    if (!this.#isPath()) this.#fail('malformed')
    const authority = this.#authority
    if (authority.from >= 0 && !isAuthority(bytes, authority.from, authority.to, false))
      this.#fail('malformed')
    return this.#problem === undefined
  }

  /** A method for which a request without a body has `Content-Length: 0` [RFC 9110 8.6]. */
  #expectsBody(): boolean {
    const method = this.#method
    return this.#equals(method, post) || this.#equals(method, put) || this.#equals(method, patch)
  }

  /** The extended CONNECT of RFC 8441; the plain one has neither path nor scheme [RFC 9113 8.5]. */
  #checkConnect(): void {
    if (this.#protocol.from < 0) this.#fail('method')
    else if (!this.#isSame(this.#protocol, websocket)) this.#fail('protocol')
    else if (this.#authority.from < 0) this.#fail('malformed')
    else this.isTunnel = true
  }

  /** In origin form, or `*` with OPTIONS. Its other bytes are checked by the parser of HTTP/1.1, which ends it at a space. */
  #isPath(): boolean {
    const { bytes } = this.#pseudo
    const { from, to } = this.#path
    if (from < 0 || from === to) return false
    if (bytes[from] === ASTERISK && to - from === 1) return this.#equals(this.#method, options)
    if (bytes[from] !== SLASH) return false
    for (let i = from; i < to; i++) if (bytes[i]! <= SP || bytes[i]! > 0x7e) return false
    return true
  }

  /** One Host, from `:authority` or `host`; with both, they are the same [RFC 9113 8.3.1]. */
  #writeHost(): void {
    const { bytes } = this.#pseudo
    const [authority, host] = [this.#authority, this.#host]
    const part = authority.from >= 0 ? authority : host
    if (part.from < 0) return this.#fail('malformed')
    if (host.from >= 0) {
      if (!isAuthority(bytes, host.from, host.to, false)) return this.#fail('malformed')
      if (!this.#isSame(host, bytes.subarray(part.from, part.to))) return this.#fail('malformed')
    }
    this.out.raw(hostName)
    this.out.copy(bytes, part.from, part.to)
    this.out.crlf()
  }

  #addCrumb({ bytes, nameTo, valueTo }: FieldLine): void {
    if (valueTo === nameTo + 2) return
    const cookies = this.#cookies
    if (cookies.length > 0) cookies.raw(crumbSeparator)
    cookies.copy(bytes, nameTo + 2, valueTo)
  }

  #setLength(line: FieldLine): void {
    const length = parseLength(line.bytes, line.nameTo + 2, line.valueTo)
    if (this.contentLength >= 0 || length < 0) return this.#fail('malformed')
    this.contentLength = length
    this.out.copy(line.bytes, 0, line.valueTo + 2)
  }

  /** A key for the handshake of HTTP/1.1, which is ours. */
  #isOwn({ bytes, nameTo }: FieldLine): boolean {
    return this.isTunnel && equals(bytes, 0, nameTo, keyName)
  }

  #note({ bytes, nameTo, valueTo }: FieldLine): void {
    if (equals(bytes, 0, nameTo, priorityName)) this.priority = text(bytes, nameTo + 2, valueTo)
    else if (equals(bytes, 0, nameTo, contentType)) this.isGrpc = isGrpc(bytes, nameTo + 2, valueTo)
    else if (equals(bytes, 0, nameTo, grpcTimeout))
      this.timeoutMs = readGrpcTimeout(text(bytes, nameTo + 2, valueTo))
  }

  #equals({ from, to }: Part, text: Buffer): boolean {
    return equals(this.#pseudo.bytes, from, to, text)
  }

  /** The same but for the case of letters. */
  #isSame({ from, to }: Part, text: Buffer): boolean {
    if (to - from !== text.length) return false
    const { bytes } = this.#pseudo
    for (let i = 0; i < text.length; i++)
      if (lower(bytes[from + i]!) !== lower(text[i]!)) return false
    return true
  }
}

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)

function isTokenIn(bytes: Buffer, { from, to }: Part): boolean {
  if (from === to) return false
  for (let i = from; i < to; i++) if (isToken[bytes[i]!] === 0) return false
  return true
}
