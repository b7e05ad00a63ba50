// The client of an exchange whose request Node.js has parsed. The response of the node goes to the socket as bytes, past
// the ServerResponse. When no node answers, the application here may, as long as the client cannot notice. Made by peers
// (peer/parsed/, peer/front/) and by the handler of the proxy (proxy/parsed-requests.ts).

import type { ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { hostPortText } from '../../base/host-port.ts'
import { Connection, type Receiver } from '../../net/connection.ts'
import { resetSocket } from '../../net/reset-socket.ts'
import type { Timed } from '../../net/ticker.ts'
import { markHeadSent, markSent } from '../../node-internals/bypassed-response.ts'
import { isLastResponse } from '../../node-internals/response-keep-alive.ts'
import type { ForwardedFields } from '../../wire/forwarded.ts'
import { isIdempotent } from '../../wire/http/method.ts'
import { Tunnel } from '../client/tunnel.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeClient } from '../exchange-client.ts'
import { type Refusal, refusalBytes } from '../refusal.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { withAddedFields } from './added-fields.ts'
import type { Arrival } from './arrival.ts'
import { BodyFeed } from './body-feed.ts'
import { boundOf, setBound } from './bound-connections.ts'
import type { ClientFacts } from './client-facts.ts'
import { Lingering } from './lingering.ts'
import { ReadBody } from './read-body.ts'
import { bodyLength, headText } from './request-bytes.ts'
import { UpgradeBody } from './upgrade-body.ts'

/**
 * Begins the exchange of a request whose head is in head[0..length).
 * @returns why no node could be asked; then the exchange has settled, and the client has not been answered.
 */
export type StartExchange = (
  exchange: Exchange,
  head: Buffer,
  length: number,
) => Refusal | undefined

export interface ParsedOwner {
  readonly traffic: Traffic
  /** Longest head that is forwarded, bytes. */
  readonly headBytesMax: number
  /** The fields that middlewares have set on the response are added to that of the node. */
  readonly addsFields: boolean
  /**
   * Whether the application here serves a request that no node has answered. Otherwise the client gets the refusal.
   * @param isRepeatable the request may be executed once more.
   */
  servesHere(client: ParsedClient, refusal: Refusal, isRepeatable: boolean): boolean
  /** The application here gets the request. */
  cameBack(client: ParsedClient): void
  /** The request has been answered, or has come back, or its connection was cut. */
  over(client: ParsedClient): void
  /** The client and the candidate are connected by a tunnel until `over`. */
  becameTunnel(client: ParsedClient): void
}

/** Leads from a response to its client, so that all responses share one listener. */
const clientOf: unique symbol = Symbol('client')
type Forwarded = ServerResponse & { [clientOf]?: ParsedClient | undefined }

export class ParsedClient implements ExchangeClient, Timed {
  readonly arrival: Arrival
  readonly address: string
  readonly trusted: boolean
  readonly forwarded: ForwardedFields
  readonly isMarked = true
  readonly framed: undefined
  deadline: number = Number.POSITIVE_INFINITY
  readonly #owner: ParsedOwner
  readonly #traffic: Traffic
  readonly #exchange: Exchange
  readonly #body: BodyFeed | ReadBody | UpgradeBody | undefined
  readonly #startExchange: StartExchange
  #tunnel: Tunnel | undefined
  #isOver = false
  #awaitsDrain = false

  constructor(
    arrival: Arrival,
    facts: ClientFacts,
    owner: ParsedOwner,
    startExchange: StartExchange,
  ) {
    const { traffic } = owner
    this.arrival = arrival
    this.address = facts.address
    this.trusted = facts.trusted
    this.forwarded = facts.fields
    this.#owner = owner
    this.#traffic = traffic
    this.#startExchange = startExchange
    this.#exchange = traffic.exchanges.lease(this, traffic)
    this.#body = this.#feed(arrival)
  }

  /**
   * Forwards the request.
   * @param mark value of the field that marks hand-overs; `undefined`: the request gets none.
   * @returns false when the head cannot be forwarded; then the request is as it was.
   */
  start(mark: string | undefined): boolean {
    const { request, response, socket, expects } = this.arrival
    const { shared } = this.#traffic.buffers
    const isUpgrade = response === undefined
    const closes = isUpgrade || isLastResponse(response)
    const { target = request.url ?? '', fields } = this.arrival
    const head = headText(request, {
      target,
      fields,
      mark,
      closes,
      keepsExpect: expects,
      isUpgrade,
    })
    const fits = head.length <= Math.min(this.#owner.headBytesMax, shared.length)
    const length = fits ? shared.write(head, 0, 'latin1') : 0
    if (length === 0 || this.#exchange.head.parse(shared, 0, length) !== length) {
      this.#releaseExchange()
      return false
    }
    if (response === undefined) {
      socket.on('error', ignore)
      socket.on('close', this.#socketClosed)
    } else {
      ;(response as Forwarded)[clientOf] = this
      response.on('close', responseClosed)
    }
    this.#traffic.ticker.add(this)
    this.#guard(() => this.#forward(shared, length))
    return true
  }

  /** The owner's `over` has been called. */
  get isOver(): boolean {
    return this.#isOver
  }

  #forward(head: Buffer, length: number): void {
    const exchange = this.#exchange
    const refusal = this.#startExchange(exchange, head, length)
    if (refusal !== undefined) this.refuse(refusal, exchange.closes, exchange.head.isHead)
  }

  get localAuthority(): string {
    const { localAddress = '', localPort = 0 } = this.arrival.socket
    return hostPortText({ host: localAddress, port: localPort })
  }

  get isLast(): boolean {
    return this.#traffic.draining
  }

  get bound(): ExchangeClient['bound'] {
    return boundOf(this.arrival.socket)
  }

  set bound(connections: ExchangeClient['bound']) {
    setBound(this.arrival.socket, connections)
  }

  get pending(): number {
    return this.arrival.socket.writableLength
  }

  answerData(bytes: Uint8Array): boolean {
    const { response, socket } = this.arrival
    let sent = bytes
    if (response !== undefined && this.#exchange.answered && !response.headersSent) {
      sent = this.#withFields(bytes, response)
      markHeadSent(response, this.#exchange.status)
    }
    if (!socket.writable) return true
    socket.write(sent)
    if (socket.writableLength === 0) return true
    this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.sendMs
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true
      // The callback follows when everything that was written before has been sent.
      socket.write('', () => this.#drained())
    }
    return false
  }

  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void {
    const { response } = this.arrival
    const canServe = this.#owner.servesHere(this, refusal, this.#isRepeatable)
    if (canServe && this.#body?.canRestore !== false) return this.#comeBack()
    let bytes: Uint8Array = refusalBytes(refusal, closes, toHead, this.#traffic.date.bytes)
    if (response !== undefined) {
      bytes = this.#withFields(bytes, response)
      markHeadSent(response, refusal.status)
    }
    this.answerData(bytes)
    this.exchangeOver(closes)
  }

  /** @param head bytes that begin with the head of the response. */
  #withFields(head: Uint8Array, response: ServerResponse): Uint8Array {
    return this.#owner.addsFields ? withAddedFields(head, response.getHeaders()) : head
  }

  #comeBack(): void {
    this.#end()
    this.#body?.restore()
    this.#owner.cameBack(this)
  }

  bodyProgress(): void {}

  pauseBody(): void {
    if (this.#body === undefined) return
    this.#body.pause()
    this.#traffic.paused.add(this.arrival.socket)
  }

  resumeBody(): void {
    if (this.#body === undefined) return
    this.#traffic.paused.delete(this.arrival.socket)
    this.#body.resume()
  }

  exchangeOver(closes: boolean): void {
    const { request, response, socket } = this.arrival
    const isWhole = this.#body === undefined || request.complete
    this.#end()
    this.#body?.end()
    if (response === undefined) socket.end()
    else if (isWhole || socket.destroyed) markSent(response, closes)
    else void new Lingering(request, this.#traffic, () => markSent(response, closes))
  }

  cut(byReset: boolean): void {
    const { socket } = this.arrival
    this.#end()
    if (byReset && !(socket instanceof TLSSocket)) resetSocket(socket)
    else socket.destroy()
  }

  becomeTunnel(node: TunnelSide): void {
    const { socket } = this.arrival
    const body = this.#body
    // Bytes that had arrived and were no part of the body.
    const behind = body instanceof UpgradeBody ? body.rest : this.arrival.behind
    this.deadline = Number.POSITIVE_INFINITY
    body?.end()
    socket.off('close', this.#socketClosed)
    const connection = Connection.adopt(socket, untilTunnel)
    socket.resume()
    this.#owner.becameTunnel(this)
    const exchange = this.#exchange
    this.#tunnel = new Tunnel(connection, node, exchange, this.#traffic, (toNode, toClient) => {
      exchange.tunnelClosed(toNode, toClient)
      this.#end()
    })
    if (behind !== undefined && behind.length > 0) this.#tunnel.fromClient(behind)
  }

  /** Stops waiting for the node's response, unless it has begun. */
  abandon(): void {
    if (!this.#isOver && !this.#exchange.answered) this.#guard(() => this.#exchange.nodeTimedOut())
  }

  /** The same when it waits for this peer and the request can be served here instead. */
  abandonPeer(id: number): void {
    if (this.#exchange.nodeId !== id || !this.#isRepeatable) return
    if (this.#body?.canRestore !== false) this.abandon()
  }

  get isTunnel(): boolean {
    return this.#tunnel !== undefined
  }

  /** Ends a tunnel to this peer. */
  cutPeer(id: number): void {
    if (this.#exchange.nodeId === id) this.#tunnel?.destroy()
  }

  /** The client reads none of the bytes that are sent to it. */
  expired(): void {
    this.arrival.socket.destroy()
  }

  /** An upgrade begins a conversation, so it is not executed twice. */
  get #isRepeatable(): boolean {
    const { request, response } = this.arrival
    return response !== undefined && isIdempotent(request.method ?? '')
  }

  /** The client has closed the connection. */
  closed(): void {
    if (this.#isOver) return
    this.#guard(() => this.#exchange.abandon('CLIENT_CLOSED'))
    this.#end()
  }

  readonly #socketClosed = (): void => this.closed()

  #feed(arrival: Arrival): BodyFeed | ReadBody | UpgradeBody | undefined {
    const { request, response, socket, behind, readBody } = arrival
    const length = bodyLength(request)
    if (length === 0) return undefined
    const send = (bytes: Buffer): void =>
      this.#guard(() => this.#exchange.clientSent(bytes, bytes.length))
    if (readBody !== undefined) return new ReadBody(readBody, length < 0, send)
    if (response === undefined) {
      return new UpgradeBody(socket, behind, (bytes) => this.#sendUpgrade(bytes))
    }
    return new BodyFeed(request, {
      length,
      keeps: request.method === 'PUT' || request.method === 'DELETE',
      send,
    })
  }

  #sendUpgrade(bytes: Buffer): number {
    let behind = bytes.length
    this.#guard(() => {
      behind = this.#exchange.clientSent(bytes, bytes.length)
    })
    return behind
  }

  #drained(): void {
    this.#awaitsDrain = false
    if (this.#isOver) return
    this.deadline = Number.POSITIVE_INFINITY
    this.#guard(() => this.#exchange.clientDrained())
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const { response, socket } = this.arrival
    if (response === undefined) {
      socket.off('close', this.#socketClosed)
      socket.off('error', ignore)
    } else (response as Forwarded)[clientOf] = undefined
    this.#traffic.ticker.delete(this)
    this.#traffic.paused.delete(socket)
    this.#releaseExchange()
    this.#owner.over(this)
  }

  #releaseExchange(): void {
    this.#traffic.exchanges.release(this.#exchange)
  }

  /** A bug of ours ends this request and never the application. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.arrival.socket.destroy()
      this.#traffic.fault(error)
    }
  }
}

function responseClosed(this: Forwarded): void {
  this[clientOf]?.closed()
}

const ignore = (): void => {}

/** The tunnel replaces it before anything can arrive. */
const untilTunnel: Receiver = {
  received: ignore,
  ended: ignore,
  drained: ignore,
  closed: ignore,
  nextBuffer: () => Buffer.alloc(0),
  failed: ignore,
}
