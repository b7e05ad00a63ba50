// Counts the requests of one server and adds the load report header to every response. It adds no listeners to the
// server (node-internals/intercept-events.ts).

import type { Server } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Interception, interceptEvents } from '../node-internals/intercept-events.ts'
import { makeLastResponse } from '../node-internals/response-keep-alive.ts'
import { loadReportField } from '../wire/orca.ts'

type WriteHead = ServerResponse['writeHead']

/** Running totals of one server, and its open requests and connections. */
export class InFlight {
  /** Requests in flight, without upgraded connections. */
  count = 0
  completed = 0
  /** Responses with a status of 500 or above. */
  failed = 0
  /** Connections after an upgrade (WebSocket) or CONNECT. */
  readonly upgraded: Set<Duplex> = new Set()
  /** Load report header without the number in flight, which is appended. `undefined`: no header. */
  stem: string | undefined
  /** Whether every response closes its connection, so that no idle connection outlives the node. */
  closesConnections = false

  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #interception: Interception
  #closedIn = 0
  #closedOut = 0

  /** Counts from now on; requests in flight already are not counted. */
  constructor(server: Server) {
    this.#server = server
    this.#interception = interceptEvents(server, (event, first, second) => {
      this.#onEvent(event, first, second)
      return false
    })
  }

  bytesIn(): number {
    let sum = this.#closedIn
    for (const socket of this.#sockets) sum += socket.bytesRead
    return sum
  }

  bytesOut(): number {
    let sum = this.#closedOut
    for (const socket of this.#sockets) sum += socket.bytesWritten
    return sum
  }

  /** Ends the counting. */
  close(): void {
    this.stem = undefined
    this.#interception.end()
  }

  #onEvent(event: string | symbol, first: unknown, second: unknown): void {
    if (event === 'request' || event === 'checkContinue' || event === 'checkExpectation') {
      if (second instanceof ServerResponse) this.#begin(second)
    } else if (event === 'connection') this.#connected(first as Socket)
    else if (event === 'upgrade' || event === 'connect') this.#upgrade(second as Duplex)
  }

  #begin(response: ServerResponse): void {
    // An application may emit a `request` itself for a `checkContinue`, which was counted already.
    if (Object.hasOwn(response, 'writeHead')) return
    this.count++
    response.writeHead = this.#writeHead
    response.on('close', this.#finish)
  }

  /** One function for all responses; `this` is the response. */
  readonly #writeHead: WriteHead = ((inFlight: InFlight): WriteHead =>
    function (this: ServerResponse, ...args: unknown[]): ServerResponse {
      if (!this.headersSent) inFlight.#stamp(this, args)
      const below: { writeHead: WriteHead } = Object.getPrototypeOf(this)
      return Reflect.apply(below.writeHead, this, args)
    } as WriteHead)(this)

  /** An array of headers is written as it is, so the header is added to a copy of the array. */
  #stamp(response: ServerResponse, args: unknown[]): void {
    if (this.closesConnections) makeLastResponse(response)
    if (this.stem === undefined) return
    const value = this.stem + (this.count > 0 ? this.count - 1 : 0)
    const last = args.length - 1
    const headers = args[last]
    if (!Array.isArray(headers)) response.setHeader(loadReportField, value)
    else if (Array.isArray(headers[0])) args[last] = [...headers, [loadReportField, value]]
    else args[last] = [...headers, loadReportField, value]
  }

  readonly #finish = ((inFlight: InFlight) =>
    function (this: ServerResponse): void {
      inFlight.count--
      inFlight.completed++
      if (this.statusCode >= 500) inFlight.failed++
    })(this)

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#closedIn += socket.bytesRead
      this.#closedOut += socket.bytesWritten
    })
  }

  #upgrade(socket: Duplex): void {
    if (this.#server.listenerCount('upgrade') + this.#server.listenerCount('connect') === 0) return
    this.upgraded.add(socket)
    socket.once('close', () => this.upgraded.delete(socket))
  }
}
