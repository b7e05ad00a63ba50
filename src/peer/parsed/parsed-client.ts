// The client of an exchange whose request Node.js has parsed. The response of the peer goes to the socket as bytes, past
// the ServerResponse. When no peer answers, the application here does, as long as the client cannot notice. Made by
// parsed-hand-over.ts, and by front/target.ts.

import type { ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { hostPortText } from '../../base/host-port.ts'
import type { Candidate } from '../../cluster/routes.ts'
import {
  type Exchange,
  type ExchangeClient,
  noNode,
  proxyFull,
  type Refusal,
  refusalBytes,
  type Traffic,
  Tunnel,
} from '../../forward/index.ts'
import { Connection, type Receiver } from '../../net/connection.ts'
import { resetSocket } from '../../net/reset-socket.ts'
import type { Timed } from '../../net/ticker.ts'
import { markHeadSent, markSent } from '../../node-internals/bypassed-response.ts'
import { isLastResponse } from '../../node-internals/response-keep-alive.ts'
import type { ForwardedFields } from '../../wire/forwarded.ts'
import { isIdempotent } from '../../wire/http/method.ts'
import type { ClientFacts } from '../hand-over/client-facts.ts'
import type { Destinations } from '../hand-over/destinations.ts'
import { fitsPeer } from '../hand-over/fits-peer.ts'
import { MessageView } from '../hand-over/request-views.ts'
import type { Arrival } from './arrival.ts'
import { BodyFeed } from './body-feed.ts'
import { boundOf, setBound } from './bound-connections.ts'
import { bodyLength, headText } from './request-bytes.ts'
import { UpgradeBody } from './upgrade-body.ts'

export interface ParsedOwner extends Destinations {
  /** There is an application here. Otherwise the client gets the failure. */
  readonly servesHere: boolean
  /** No candidate has answered: the application here gets the request. */
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
  readonly #body: BodyFeed | UpgradeBody | undefined
  #first: Candidate | undefined
  #tunnel: Tunnel | undefined
  #isOver = false
  #awaitsDrain = false

  /** @param first candidate of the first attempt; the owner chooses for later ones. */
  constructor(arrival: Arrival, first: Candidate, facts: ClientFacts, owner: ParsedOwner) {
    const { traffic } = owner
    this.arrival = arrival
    this.address = facts.address
    this.trusted = facts.trusted
    this.forwarded = facts.fields
    this.#owner = owner
    this.#traffic = traffic
    this.#first = first
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
    const head = headText(request, { mark, closes, keepsExpect: expects, isUpgrade })
    const fits = this.#owner.servesHere ? fitsPeer(head.length) : head.length <= shared.length
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
    const { application } = this.#owner
    const refusal = exchange.forwardTo(application, this.#choose, head, length, length)
    if (refusal !== undefined) this.refuse(refusal, exchange.closes, exchange.head.isHead)
  }

  readonly #choose = (tried: readonly number[]): Candidate | undefined => {
    const first = this.#first
    this.#first = undefined
    return first ?? this.#owner.another(new MessageView(this.arrival.request), tried)
  }

  get localAuthority(): string {
    const { localAddress = '', localPort = 0 } = this.arrival.socket
    return hostPortText({ host: localAddress, port: localPort })
  }

  get isLast(): boolean {
    return false
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
    if (response !== undefined && this.#exchange.answered && !response.headersSent) {
      markHeadSent(response, this.#exchange.status)
    }
    if (!socket.writable) return true
    socket.write(bytes)
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
    const mayRepeat = refusal === noNode || refusal === proxyFull || this.#isRepeatable
    if (this.#owner.servesHere && mayRepeat && this.#body?.canRestore !== false) {
      return this.#comeBack()
    }
    if (response !== undefined) markHeadSent(response, refusal.status)
    this.answerData(refusalBytes(refusal, closes, toHead, this.#traffic.date.bytes))
    this.exchangeOver(closes)
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
    const { response, socket } = this.arrival
    this.#end()
    this.#body?.end()
    if (response === undefined) socket.end()
    else markSent(response, closes)
  }

  cut(byReset: boolean): void {
    const { socket } = this.arrival
    this.#end()
    if (byReset && !(socket instanceof TLSSocket)) resetSocket(socket)
    else socket.destroy()
  }

  becomeTunnel(node: Connection): void {
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
    const { requestBody } = this.#exchange
    this.#tunnel = new Tunnel(connection, node, requestBody, this.#traffic, (toNode, toClient) => {
      this.#exchange.tunnelClosed(toNode, toClient)
      this.#end()
    })
    if (behind !== undefined && behind.length > 0) this.#tunnel.fromClient(behind)
  }

  /** Stops waiting for the peer's response, unless it has begun. */
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

  #feed({ request, response, socket, behind }: Arrival): BodyFeed | UpgradeBody | undefined {
    const length = bodyLength(request)
    if (length === 0) return undefined
    if (response === undefined) {
      return new UpgradeBody(socket, behind, (bytes) => this.#sendUpgrade(bytes))
    }
    return new BodyFeed(request, {
      length,
      keeps: request.method === 'PUT' || request.method === 'DELETE',
      send: (bytes) => this.#guard(() => this.#exchange.clientSent(bytes, bytes.length)),
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
