// Forwards requests that a server of Node.js has parsed, by the same stages as those of the proxy's own listeners. Made by
// reverse-proxy.ts for handlers of servers and frameworks.

import {
  type IncomingMessage,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type Arrival,
  bodyLength,
  clientFacts,
  isPlain,
  ParsedClient,
  type ParsedOwner,
  type Refusal,
  refusalBytes,
  type StartExchange,
  type Traffic,
} from '../forward/index.ts'
import { plainAddress } from '../net/address.ts'

/** Serves the request in place of the proxy. */
type Next = (error?: unknown) => void

/** What is forwarded instead of what the request says. */
export interface Changes {
  readonly target: string
  /** Fields that replace those of the request. */
  readonly fields: Readonly<Record<string, string>> | undefined
}

export class ParsedRequests implements ParsedOwner {
  readonly traffic: Traffic
  readonly headBytesMax: number = Number.POSITIVE_INFINITY
  readonly addsFields = true
  readonly #clients: Set<ParsedClient> = new Set()
  /** Of the requests whose paths other handlers of the application may serve. */
  readonly #next: WeakMap<IncomingMessage, Next> = new WeakMap()
  #onIdle: (() => void) | undefined
  #isClosed = false

  constructor(traffic: Traffic) {
    this.traffic = traffic
  }

  /**
   * Forwards a request.
   * @param next called when no context is registered for the path; without it the client gets the refusal.
   */
  request(
    request: IncomingMessage,
    response: ServerResponse,
    { target, fields }: Changes,
    next: Next | undefined,
  ): void {
    const { socket } = request
    const readBody = bodyRead(request)
    const behind = undefined
    const arrival: Arrival = {
      ...{ request, response, socket, behind, expects: false, target, fields, serveHere },
      readBody: Buffer.isBuffer(readBody) ? readBody : undefined,
    }
    if (!isPlain(arrival)) return answer(response, http2Unsupported)
    if (response.headersSent) return
    if (!areValid(fields)) return answer(response, invalidFields)
    if (readBody === 'lost') return answer(response, bodyConsumed)
    if (this.#hasEnded) return answer(response, ended)
    if (next !== undefined) this.#next.set(request, next)
    if (response.socket !== null) return this.#start(arrival)
    // A pipelined request: the responses to earlier ones come first.
    response.once('socket', () => this.#start(arrival))
  }

  /** Forwards an upgrade. @param behind bytes that arrived with the head. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    behind: Buffer,
    { target, fields }: Changes,
  ): void {
    const arrival: Arrival = {
      ...{ request, response: undefined, socket: request.socket, behind, expects: false },
      ...{ target, fields, serveHere },
    }
    const refusal = this.#upgradeRefusal(arrival, socket)
    if (refusal === undefined) return this.#start(arrival)
    socket.on('error', ignore)
    socket.end(refusalBytes(refusal, true, false, this.traffic.date.bytes))
  }

  #upgradeRefusal(arrival: Arrival, socket: Duplex): Refusal | undefined {
    if (!isPlain(arrival) || arrival.socket !== socket) return http2Unsupported
    if (!areValid(arrival.fields)) return invalidFields
    return this.#hasEnded ? ended : undefined
  }

  #start(arrival: Arrival): void {
    const { response, socket } = arrival
    const { via } = this.traffic
    const isTrusted = this.traffic.isTrusted(plainAddress(socket.remoteAddress ?? ''))
    const facts = clientFacts(socket, via, isTrusted)
    const client = new ParsedClient(arrival, facts, this, forward)
    if (client.start(undefined)) {
      if (!client.isOver) this.#clients.add(client)
      return
    }
    if (response === undefined)
      socket.end(refusalBytes(badRequest, true, false, this.traffic.date.bytes))
    else answer(response, badRequest)
  }

  servesHere({ arrival }: ParsedClient, refusal: Refusal): boolean {
    return refusal.code === this.traffic.unknownContext.code && this.#next.has(arrival.request)
  }

  cameBack({ arrival }: ParsedClient): void {
    this.#next.get(arrival.request)?.()
  }

  over(client: ParsedClient): void {
    this.#clients.delete(client)
    if (this.#clients.size === 0) this.#onIdle?.()
  }

  becameTunnel(): void {}

  get #hasEnded(): boolean {
    return this.#isClosed || this.traffic.ending
  }

  /** Resolves when no request is under way. */
  idle(): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** Cuts everything; further requests get 503. */
  close(): void {
    this.#isClosed = true
    for (const client of this.#clients) client.arrival.socket.destroy()
  }
}

const forward: StartExchange = (exchange, head, length) => {
  exchange.forward(head, length, length)
  return undefined
}

/**
 * The body of a request when something has read it before: the bytes, where a parser has kept them, or that they are lost.
 * `undefined`: it can be read from the request.
 */
function bodyRead(request: IncomingMessage): Buffer | 'lost' | undefined {
  const length = bodyLength(request)
  if (length === 0) return undefined
  if (!request.readableDidRead && request.readableFlowing === null) return undefined
  const { rawBody, body } = request as { rawBody?: unknown; body?: unknown }
  const kept = Buffer.isBuffer(rawBody) ? rawBody : body
  // A parser may have decoded it; then it has another length, or Content-Encoding says so.
  const isWhole = Buffer.isBuffer(kept) && (length < 0 || kept.length === length)
  return isWhole && request.headers['content-encoding'] === undefined ? kept : 'lost'
}

/** The framing and the connection are never the program's. */
const reserved = /^(?:connection|content-length|expect|host|te|trailer|transfer-encoding|upgrade)$/i

function areValid(fields: Changes['fields']): boolean {
  if (fields === undefined) return true
  // What an async function returns has no fields yet, and those of the client must not be passed in their place.
  if (typeof fields !== 'object' || fields === null || 'then' in fields) return false
  try {
    for (const [name, value] of Object.entries(fields)) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      if (reserved.test(name)) return false
    }
    return true
  } catch {
    return false
  }
}

/** Answers before anything of the request has been forwarded. */
function answer(response: ServerResponse, { status, code, text }: Refusal): void {
  const body = `${status} ${text} (${code})\n`
  // HTTP/2 has no such field.
  if (response.req?.httpVersionMajor !== 2) response.setHeader('Connection', 'close')
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

const http2Unsupported: Refusal = {
  status: 501,
  code: 'HANDLER_HTTP2',
  text: 'the handler forwards requests of HTTP/1 on sockets of Node.js only',
}
const bodyConsumed: Refusal = {
  status: 500,
  code: 'BODY_CONSUMED',
  text: 'the request body was read before the handler: mount the handler before body parsers, or keep the bytes in req.rawBody',
}
const invalidFields: Refusal = {
  status: 500,
  code: 'INVALID_FIELDS',
  text: 'the option fields has returned a name or a value that no header field can have',
}
const badRequest: Refusal = {
  status: 400,
  code: 'MALFORMED_REQUEST',
  text: 'the request cannot be forwarded',
}
const ended: Refusal = { status: 503, code: 'PROXY_CLOSED', text: 'the proxy has ended' }

const serveHere = (): void => {}
const ignore = (): void => {}
