// Which requests one server has in hand, what it has done so far, and the load report header on every
// response. It adds no listeners to the server (node-internals/intercept-events.ts).

import type { Server } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Interception, interceptEvents } from '../node-internals/intercept-events.ts'
import { makeLastResponse } from '../node-internals/response-keep-alive.ts'
import { loadReportField } from '../wire/orca.ts'

type WriteHead = ServerResponse['writeHead']

/** Running totals and what is open now, of one server. */
export class InFlight {
  /** Requests begun and not ended; upgraded connections are not among them. */
  count = 0
  completed = 0
  /** Answers with a status of 500 or above. */
  failed = 0
  /** WebSocket and other connections that were upgraded, or opened by CONNECT. */
  readonly upgraded: Set<Duplex> = new Set()
  /** Head of the load report header; the number in flight is put behind it. Undefined: no header. */
  stem: string | undefined
  /** True: every answer says `Connection: close`, so that no kept-open connection outlives the node. */
  lastAnswers = false

  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #interception: Interception
  #closedIn = 0
  #closedOut = 0

  /** Wraps the server at once; requests that it had in hand before are not counted. */
  constructor(server: Server) {
    this.#server = server
    this.#interception = interceptEvents(server, (event, first, second) => {
      this.#see(event, first, second)
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

  /** Ends the watching and unwraps the server, unless somebody else has wrapped it since. */
  close(): void {
    this.stem = undefined
    this.#interception.end()
  }

  #see(event: string | symbol, first: unknown, second: unknown): void {
    if (event === 'request' || event === 'checkContinue' || event === 'checkExpectation') {
      if (second instanceof ServerResponse) this.#begin(second)
    } else if (event === 'connection') this.#connected(first as Socket)
    else if (event === 'upgrade' || event === 'connect') this.#upgrade(second as Duplex)
  }

  #begin(response: ServerResponse): void {
    // An application may hand a `checkContinue` on as a `request` of its own making.
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

  /** Headers given as an array go out as they are, so ours is put into a copy of that array. */
  #stamp(response: ServerResponse, args: unknown[]): void {
    if (this.lastAnswers) makeLastResponse(response)
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
