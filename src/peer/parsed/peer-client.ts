// The client of an exchange that hands a request of an HTTP server over: Node.js has parsed the request;
// the peer's answer goes to the socket as the exchange's own bytes. When no peer can answer, the
// application here does, as long as nobody can notice.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { hostPortText } from '../../base/host-port.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
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
import type { Timed } from '../../net/ticker.ts'
import { markHeadSent, markSent } from '../../node-internals/bypassed-response.ts'
import { isLastResponse } from '../../node-internals/response-keep-alive.ts'
import type { ForwardedFields } from '../../wire/forwarded.ts'
import type { ClientFacts } from '../hand-over/client-facts.ts'
import { BodyFeed } from './body-feed.ts'
import { bodyLength, headText } from './request-bytes.ts'

/** A request or an upgrade as the server has emitted it. */
export interface Arrival {
  readonly request: IncomingMessage
  readonly socket: Socket
  /** `undefined` for an upgrade. */
  readonly response: ServerResponse | undefined
  /** Bytes of the new protocol that came with an upgrade. */
  readonly behind: Buffer | undefined
  /** It came as `checkContinue`: nobody has answered its `Expect`. */
  readonly expects: boolean
}

/** Whoever hands over. */
export interface HandingOwner {
  readonly traffic: Traffic
  /** Where requests may go. */
  readonly application: Application
  /** Another candidate after a failure; `undefined`: the application here. */
  another(arrival: Arrival, tried: readonly number[]): Candidate | undefined
  /** The application here is to get it. `false`: there is none, so the client is told what failed. */
  readonly servesHere: boolean
  cameBack(client: PeerClient): void
  /** It was answered elsewhere, given back, or cut. */
  over(client: PeerClient): void
}

/** By what an event of a response finds its client: one listener serves all of them. */
const clientOf = Symbol('peerClient')

export class PeerClient implements ExchangeClient, Timed {
  readonly arrival: Arrival
  readonly address: string
  readonly trusted: boolean
  readonly forwarded: ForwardedFields
  readonly isMarked = true
  deadline: number = Number.POSITIVE_INFINITY
  readonly #owner: HandingOwner
  readonly #traffic: Traffic
  readonly #exchange: Exchange
  readonly #body: BodyFeed | undefined
  #first: Candidate | undefined
  #isOver = false
  #awaitsDrain = false

  /** @param first where it goes; after a failure the owner is asked. */
  constructor(arrival: Arrival, first: Candidate, facts: ClientFacts, owner: HandingOwner) {
    const { traffic } = owner
    this.arrival = arrival
    this.address = facts.address
    this.trusted = facts.trusted
    this.forwarded = facts.fields
    this.#owner = owner
    this.#traffic = traffic
    this.#first = first
    this.#exchange = traffic.exchanges.lease(this, traffic)
    this.#body = this.#feed(arrival.request)
  }

  /**
   * Sends the request off.
   * @param mark value of our own field.
   * @returns false when its head is nothing that may be forwarded; nothing has happened to the request then.
   */
  start(mark: string | undefined): boolean {
    const { request, response, socket, expects } = this.arrival
    const { shared } = this.#traffic.buffers
    const isUpgrade = response === undefined
    const closes = isUpgrade || isLastResponse(response)
    const head = headText(request, { mark, closes, keepsExpect: expects, isUpgrade })
    const length = head.length <= shared.length ? shared.write(head, 0, 'latin1') : 0
    if (length === 0 || this.#exchange.head.parse(shared, 0, length) !== length) {
      this.#giveExchange()
      return false
    }
    if (response === undefined) {
      socket.on('error', ignore)
      socket.on('close', this.#socketGone)
    } else {
      ;(response as Listening)[clientOf] = this
      response.on('close', responseGone)
    }
    this.#traffic.ticker.add(this)
    this.#guard(() => this.#forward(shared, length))
    return true
  }

  /** It was answered elsewhere, given back, or cut. */
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
    return first ?? this.#owner.another(this.arrival, tried)
  }

  get localAuthority(): string {
    const { localAddress = '', localPort = 0 } = this.arrival.socket
    return hostPortText({ host: localAddress, port: localPort })
  }

  get pending(): number {
    return this.arrival.socket.writableLength
  }

  write(bytes: Uint8Array): boolean {
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
      // Its callback comes when all that was written before has left.
      socket.write('', () => this.#drained())
    }
    return false
  }

  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void {
    const { response, request } = this.arrival
    const mayRepeat = refusal === noNode || refusal === proxyFull || isRepeatable(request)
    if (this.#owner.servesHere && mayRepeat && this.#body?.canGiveBack !== false) {
      return this.#comeBack()
    }
    if (response !== undefined) markHeadSent(response, refusal.status)
    this.write(refusalBytes(refusal, closes, toHead))
    this.exchangeOver(closes)
  }

  #comeBack(): void {
    this.#end()
    this.#body?.giveBack()
    this.#owner.cameBack(this)
  }

  bodyProgress(): void {}

  pauseBody(): void {
    this.#body?.pause()
  }

  resumeBody(): void {
    this.#body?.resume()
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
    if (byReset && !(socket instanceof TLSSocket)) socket.resetAndDestroy()
    else socket.destroy()
  }

  becomeTunnel(node: Connection): void {
    const { socket, behind } = this.arrival
    this.deadline = Number.POSITIVE_INFINITY
    socket.off('close', this.#socketGone)
    const connection = Connection.adopt(socket, untilTunnel)
    // It may last for hours, and nobody waits for its end.
    this.#owner.over(this)
    const tunnel = new Tunnel(connection, node, this.#traffic, () => {
      this.#exchange.tunnelClosed()
      this.#end()
    })
    if (behind !== undefined && behind.length > 0) tunnel.fromClient(behind)
  }

  /** Nobody waits for the peer's answer any longer. */
  giveUp(): void {
    if (!this.#isOver && !this.#exchange.answered) this.#guard(() => this.#exchange.nodeTimedOut())
  }

  /** As `giveUp`, if it waits for this peer, and if it can be served here instead. */
  peerLost(id: number): void {
    if (this.#exchange.nodeId !== id || !isRepeatable(this.arrival.request)) return
    if (this.#body?.canGiveBack !== false) this.giveUp()
  }

  /** The client takes none of what is sent to it. */
  expired(): void {
    this.arrival.socket.destroy()
  }

  /** The client is gone. */
  gone(): void {
    if (this.#isOver) return
    this.#guard(() => this.#exchange.abandon('CLIENT_CLOSED'))
    this.#end()
  }

  readonly #socketGone = (): void => this.gone()

  #feed(request: IncomingMessage): BodyFeed | undefined {
    const length = bodyLength(request)
    if (length === 0) return undefined
    return new BodyFeed(request, {
      length,
      keeps: request.method === 'PUT' || request.method === 'DELETE',
      sink: (bytes) => this.#guard(() => this.#exchange.clientSent(bytes, bytes.length)),
    })
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
      socket.off('close', this.#socketGone)
      socket.off('error', ignore)
    } else (response as Listening)[clientOf] = undefined
    this.#traffic.ticker.delete(this)
    this.#giveExchange()
    this.#owner.over(this)
  }

  #giveExchange(): void {
    this.#traffic.exchanges.release(this.#exchange)
  }

  /** A fault of ours ends this request, never the application. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.arrival.socket.destroy()
      this.#traffic.fault(error)
    }
  }
}

type Listening = ServerResponse & { [clientOf]?: PeerClient | undefined }

function responseGone(this: Listening): void {
  this[clientOf]?.gone()
}

/** Executing it twice does no harm [RFC 9110 9.2.2]. */
function isRepeatable({ method = '' }: IncomingMessage): boolean {
  return ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method)
}

const ignore = (): void => {}

/** The tunnel takes over before anything can come. */
const untilTunnel: Receiver = {
  received: ignore,
  ended: ignore,
  drained: ignore,
  closed: ignore,
  nextBuffer: () => Buffer.alloc(0),
  failed: ignore,
}
