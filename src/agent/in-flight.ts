// Counts the requests of one server, learns from them how much it can do, and adds the load report header to every
// response. It adds no listeners to the server (node-internals/intercept-events.ts).

import { type IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../base/clock.ts'
import { HeldRequest } from '../cluster/held-requests.ts'
import { Room } from '../cluster/room.ts'
import { type Interception, interceptEvents } from '../node-internals/intercept-events.ts'
import { makeLastResponse } from '../node-internals/response-keep-alive.ts'
import { loadReportField, writeLoadReport } from '../wire/orca.ts'
import type { JoinedServer } from './http2-server.ts'
import type { TargetFilter } from './member-server.ts'
import { noFigures, type ServerFigures } from './server-figures.ts'

type WriteHead = ServerResponse['writeHead']

/** A request that `room` counts. Frameworks rewrite `request.url` while they handle a request. */
class OpenRequest extends HeldRequest {
  /** As received. */
  readonly target: string

  constructor(target: string) {
    super()
    this.target = target
  }
}

/** The request of a response. */
const held = Symbol('held request')
type CountedResponse = ServerResponse & { [held]?: OpenRequest }
type EndedResponse = Pick<CountedResponse, 'statusCode' | 'writableFinished' | typeof held>

/** Greatest multiple of the service time that `delay` reports: all readers of a higher one would act at once. */
const crowdingMax = 2

/** Running totals of one server, and its open requests and connections. */
export class InFlight {
  completed = 0
  /** Responses with a status of 500 or above. */
  failed = 0
  /** Connections after an upgrade (WebSocket) or CONNECT, with the targets of their requests. */
  readonly upgraded: Map<Duplex, string> = new Map()
  /** Estimates from all requests. */
  readonly room: Room = new Room()
  /** Load report header up to the number in flight. `undefined`: no header. */
  stem: string | undefined
  /** Of the other processes that serve the same port. */
  others: ServerFigures = noFigures
  /** Whether every response closes its connection, so that no idle connection outlives the node. */
  closesConnections = false

  readonly #server: JoinedServer
  readonly #clock: Clock
  readonly #open = new Set<OpenRequest>()
  readonly #sockets = new Set<Socket>()
  readonly #interception: Interception
  #closedIn = 0
  #closedOut = 0

  /** Counts from now on; requests in flight already are not counted. */
  constructor(server: JoinedServer, clock: Clock) {
    this.#server = server
    this.#clock = clock
    this.#interception = interceptEvents(server, (event, first, second) => {
      this.#onEvent(event, first, second)
      return false
    })
  }

  /** Requests in flight, without upgraded connections. */
  get count(): number {
    return this.#open.size
  }

  /** Open connections, of those accepted since the start of the counting. */
  get connections(): number {
    return this.#sockets.size
  }

  countOf(filter: TargetFilter): number {
    let count = 0
    for (const { target } of this.#open) if (filter(target)) count++
    return count
  }

  upgradedOf(filter: TargetFilter): number {
    let count = 0
    for (const target of this.upgraded.values()) if (filter(target)) count++
    return count
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
      if (second instanceof ServerResponse)
        this.#begin(second, (first as IncomingMessage).url ?? '')
    } else if (event === 'stream') this.#beginStream(first as ServerHttp2Stream, second)
    else if (event === 'connection') this.#connected(first as Socket)
    else if (event === 'upgrade' || event === 'connect')
      this.#upgrade(second as Duplex, (first as IncomingMessage).url ?? '')
  }

  #begin(response: CountedResponse, target: string): void {
    // An application may emit a `request` itself for a `checkContinue`, which was counted already.
    if (Object.hasOwn(response, 'writeHead')) return
    const request = new OpenRequest(target)
    this.#open.add(request)
    response[held] = request
    this.room.begin(request, this.#clock.now())
    response.writeHead = this.#writeHead
    response.on('close', this.#finish)
  }

  /** A request over HTTP/2. Its response has no load report. */
  #beginStream(stream: ServerHttp2Stream, headers: unknown): void {
    const target = String((headers as IncomingHttpHeaders)[':path'] ?? '')
    const request = new OpenRequest(target)
    this.#open.add(request)
    this.room.begin(request, this.#clock.now())
    stream.once('close', () => {
      const statusCode = Number(stream.sentHeaders?.[':status'] ?? 0)
      const writableFinished = stream.rstCode === 0
      this.#ended({ [held]: request, statusCode, writableFinished })
    })
  }

  /** One function for all responses; `this` is the response. */
  readonly #writeHead: WriteHead = ((inFlight: InFlight): WriteHead =>
    function (this: ServerResponse, ...args: unknown[]): ServerResponse {
      if (!this.headersSent) inFlight.#stamp(this, args)
      const below: { writeHead: WriteHead } = Object.getPrototypeOf(this)
      return Reflect.apply(below.writeHead, this, args)
    } as WriteHead)(this)

  /** An array of headers is written as it is, so the header is added to a copy of the array. */
  #stamp(response: CountedResponse, args: unknown[]): void {
    if (this.closesConnections) makeLastResponse(response)
    if (this.stem === undefined) return
    const value = this.#loadReport(this.stem, response[held])
    const last = args.length - 1
    const headers = args[last]
    if (!Array.isArray(headers)) response.setHeader(loadReportField, value)
    else if (Array.isArray(headers[0])) args[last] = [...headers, [loadReportField, value]]
    else args[last] = [...headers, loadReportField, value]
  }

  /** Without the request that is being answered. */
  #loadReport(stem: string, request: HeldRequest | undefined): string {
    const { room } = this
    const own = room.inHand - (request !== undefined && room.holds(request) ? 1 : 0)
    const others = own + this.others.inHand
    const crowding = Math.min(
      crowdingMax,
      Math.max(1, (others + 1) / (room.knee + this.others.knee)),
    )
    return writeLoadReport(stem, others, room.ms(this.#clock.now()) * crowding)
  }

  readonly #finish = ((inFlight: InFlight) =>
    function (this: CountedResponse): void {
      inFlight.#ended(this)
    })(this)

  /** A response that was cut because its client disconnected is no evidence about the server. */
  #ended({ [held]: request, statusCode, writableFinished }: EndedResponse): void {
    const isError = statusCode >= 500
    this.completed++
    if (isError) this.failed++
    if (request === undefined) return
    this.#open.delete(request)
    const now = this.#clock.now()
    if (isError || writableFinished) this.room.end(request, now, !isError)
    else this.room.abandon(request, now)
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#closedIn += socket.bytesRead
      this.#closedOut += socket.bytesWritten
    })
  }

  #upgrade(socket: Duplex, target: string): void {
    if (this.#server.listenerCount('upgrade') + this.#server.listenerCount('connect') === 0) return
    this.upgraded.set(socket, target)
    socket.once('close', () => this.upgraded.delete(socket))
  }
}
