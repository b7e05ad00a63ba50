// The client of an exchange that hands a request of an HTTP server over: Node.js has parsed the request;
// the peer's answer goes to the socket as the exchange's own bytes. When no peer can answer, the
// application here does, as long as nobody can notice.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Application, Candidate } from '../cluster/routes.ts'
import type { Exchange } from '../forward/exchange.ts'
import type { ExchangeClient } from '../forward/exchange-client.ts'
import type { NodeConnection } from '../forward/node-connection.ts'
import { noNode, proxyFull, type Refusal, refusalBytes } from '../forward/refusal.ts'
import type { Traffic } from '../forward/traffic.ts'
import { tunnelOf } from '../forward/tunnel-of.ts'
import { Connection, type Receiver } from '../net/connection.ts'
import type { Timed } from '../net/ticker.ts'
import type { ForwardedFields } from '../wire/forwarded.ts'
import { BodyFeed } from './body-feed.ts'
import { type Choosing, chosenBefore } from './chosen-before.ts'
import { finishElsewhere, headElsewhere } from './finish-response.ts'
import { headText } from './request-bytes.ts'

/** One request or upgrade on its way out. */
export interface Handing {
  readonly request: IncomingMessage
  /** `undefined` for an upgrade. */
  readonly response: ServerResponse | undefined
  readonly socket: Socket
  /** What came behind the head of an upgrade. */
  readonly behind: Buffer | undefined
  /** Node.js has not answered `Expect: 100-continue` by itself. */
  readonly expects: boolean
  /** Of the client, without port. */
  readonly address: string
  readonly forwarded: ForwardedFields
  /** Value of our own field; '' where the request does not leave this server's own side. */
  readonly mark: string
  /** Where it may go, the first choice among them. */
  readonly application: Application
  readonly first: Candidate
  /** Another candidate after a failure; `undefined`: the application here. */
  another(tried: readonly number[]): Candidate | undefined
  /** The application here gets the request. `undefined`: there is none, so the client is told what failed. */
  readonly serveHere: (() => void) | undefined
}

export class PeerClient implements ExchangeClient, Choosing, Timed {
  readonly address: string
  /** What the client says of where it came from is the application's to judge, as it would be here. */
  readonly trusted = true
  readonly forwarded: ForwardedFields
  deadline: number = Number.POSITIVE_INFINITY
  readonly #handing: Handing
  readonly #traffic: Traffic
  readonly #onOver: (client: PeerClient) => void
  readonly #exchange: Exchange
  readonly #body: BodyFeed
  #chosen = false
  #isOver = false
  #goesHere = false
  #awaitsDrain = false

  /** @param onOver it was answered elsewhere, given back, or cut. */
  constructor(handing: Handing, traffic: Traffic, onOver: (client: PeerClient) => void) {
    const { request, address, forwarded } = handing
    this.#handing = handing
    this.#traffic = traffic
    this.#onOver = onOver
    this.address = address
    this.forwarded = forwarded
    this.#exchange = traffic.exchanges.take(this, traffic)
    const { headers } = request
    this.#body = new BodyFeed(request, {
      length: headers['transfer-encoding'] === undefined ? Number(headers['content-length']) : -1,
      keeps: request.method === 'PUT' || request.method === 'DELETE',
      sink: (bytes) => this.#guard(() => this.#exchange.clientSent(bytes, bytes.length)),
    })
  }

  /**
   * Sends the request off.
   * @returns false when its head is nothing that may be forwarded; nothing has happened to the request then.
   */
  start(): boolean {
    const { request, response, socket, mark, expects, application } = this.#handing
    const { shared } = this.#traffic.buffers
    const head = headText(request, mark, response?.shouldKeepAlive !== true, expects)
    const length = head.length <= shared.length ? shared.write(head, 'latin1') : 0
    if (length === 0 || this.#exchange.head.parse(shared, 0, length) !== length) {
      this.#giveExchange()
      return false
    }
    if (response === undefined) {
      socket.on('error', ignore)
      socket.on('close', this.#gone)
    } else response.on('close', this.#gone)
    this.#traffic.ticker.add(this)
    this.#guard(() => this.#exchange.forwardTo(application, chosenBefore, shared, length, length))
    return true
  }

  /** The first choice, then whoever else may. */
  choose(): Candidate | undefined {
    if (this.#chosen) return this.#handing.another(this.#exchange.tried)
    this.#chosen = true
    return this.#handing.first
  }

  get localAuthority(): string {
    const { localAddress = '', localPort = 0 } = this.#handing.socket
    return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
  }

  get pending(): number {
    return this.#handing.socket.writableLength
  }

  write(bytes: Uint8Array): boolean {
    const { response, socket } = this.#handing
    if (response !== undefined && this.#exchange.answered && !response.headersSent) {
      headElsewhere(response, this.#exchange.status)
    }
    if (!socket.writable) return true
    socket.write(bytes)
    if (socket.writableLength === 0) return true
    this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.sendMs
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true
      // Its callback comes when all that was written before has left.
      socket.write('', this.#drained)
    }
    return false
  }

  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void {
    const { response, serveHere, request } = this.#handing
    const mayRepeat = refusal === noNode || refusal === proxyFull || isRepeatable(request)
    this.#goesHere = serveHere !== undefined && mayRepeat && this.#body.canGiveBack
    if (this.#goesHere) return
    if (response !== undefined) headElsewhere(response, refusal.status)
    this.write(refusalBytes(refusal, closes, toHead))
  }

  bodyProgress(): void {}

  pauseBody(): void {
    this.#body.pause()
  }

  resumeBody(): void {
    this.#body.resume()
  }

  exchangeOver(closes: boolean): void {
    const { response, socket, serveHere } = this.#handing
    this.#end()
    if (this.#goesHere) {
      this.#body.giveBack()
      serveHere?.()
      return
    }
    this.#body.end()
    if (response === undefined) socket.end()
    else finishElsewhere(response, closes)
  }

  cut(byReset: boolean): void {
    const { socket } = this.#handing
    this.#end()
    if (byReset && !(socket instanceof TLSSocket)) socket.resetAndDestroy()
    else socket.destroy()
  }

  becomeTunnel(node: NodeConnection): void {
    const { socket, behind } = this.#handing
    this.deadline = Number.POSITIVE_INFINITY
    socket.off('close', this.#gone)
    const connection = Connection.take(socket, untilTunnel)
    const tunnel = tunnelOf(this.#exchange, connection, node, () => this.#end())
    if (behind !== undefined && behind.length > 0) tunnel.fromClient(behind)
  }

  /** The peer is known to be gone, or this server is: the exchange waits no longer for an answer. */
  giveUp(): void {
    if (!this.#isOver && !this.#exchange.answered) this.#guard(() => this.#exchange.nodeTimedOut())
  }

  /** The client takes none of what is sent to it. */
  expired(): void {
    this.#handing.socket.destroy()
  }

  readonly #drained = (): void => {
    this.#awaitsDrain = false
    if (this.#isOver) return
    this.deadline = Number.POSITIVE_INFINITY
    this.#guard(() => this.#exchange.clientDrained())
  }

  readonly #gone = (): void => {
    if (this.#isOver) return
    this.#guard(() => this.#exchange.abandon('CLIENT_CLOSED'))
    this.#end()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    const { response, socket } = this.#handing
    if (response === undefined) {
      socket.off('close', this.#gone)
      socket.off('error', ignore)
    } else response.off('close', this.#gone)
    this.#traffic.ticker.delete(this)
    this.#giveExchange()
    this.#onOver(this)
  }

  #giveExchange(): void {
    this.#traffic.exchanges.give(this.#exchange)
  }

  /** A fault of ours ends this request, never the application. */
  #guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#handing.socket.destroy()
      this.#traffic.fault(error)
    }
  }
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
