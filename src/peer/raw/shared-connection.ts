// A client's connection to a joined server. We read it first and forward what goes to a peer as bytes, without Node.js's
// HTTP server. A request that is served here is passed to the server's parser as it arrived, and the connection comes
// back when it has been answered. The server gets the connection for good when something arrives that this fast path does
// not handle (a mark, HTTP/1.0, an upgrade, a request behind one that is being served here, what our parser refuses), and
// after many requests in a row that were served here. Then parsed/ decides for it.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { handOverLimits } from '../../base/limits.ts'
import type { Candidate } from '../../cluster/routes.ts'
import {
  ClientConnection,
  type ClientRules,
  type Exchange,
  noNode,
  type PaceLimits,
  proxyFull,
  type Refusal,
} from '../../forward/index.ts'
import { plainAddress } from '../../net/address.ts'
import type { ConnectionListener } from '../../node-internals/connection-listener.ts'
import { allowsHalfOpen } from '../../node-internals/half-open.ts'
import {
  attachParser,
  hasAnsweredAll,
  hasOtherReader,
  ignoreEnd,
  letReadHandle,
} from '../../node-internals/http-parser.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import { type Decided, here, type PendingChoice } from '../choice/choice.ts'
import type { HandOver } from '../hand-over/hand-over.ts'
import { cameBack, type KeptDecision, keepDecision } from '../hand-over/kept-decision.ts'
import type { MarkedLines } from '../hand-over/marked-lines.ts'
import { HeadView, targetOf } from '../hand-over/request-views.ts'
import { chooseByHead } from './choose-by-head.ts'
import { KeptRequest } from './kept-request.ts'
import { ServedBody } from './served-body.ts'

/** The joined server, as its connections need it. */
export interface JoinedServer {
  readonly server: Server
  /** By which the server parses a connection. */
  readonly listener: ConnectionListener
  readonly timeouts: ServerTimeouts
  readonly handOver: HandOver
  /** Nothing is handed over any more: connections go to the server. */
  readonly isOver: boolean
  /** The server gets this connection between two requests, and its parser has not read a request on it. */
  releasedUnseen(socket: Socket): void
  closed(connection: SharedConnection): void
}

/** Timeouts of the server as they are now, ms; Infinity where it has none. */
export interface ServerTimeouts {
  readonly headMs: number
  readonly idleMs: number
  /** For a whole request, its body included. */
  readonly requestMs: number
}

interface WaitingRequest {
  readonly pending: PendingChoice
  /** The bytes of the request so far, and those after it. */
  bytes: Buffer
}

const view = new HeadView()
const never = Number.POSITIVE_INFINITY

export class SharedConnection implements ClientRules {
  readonly closes = false
  readonly listener = 0
  readonly socket: Socket
  readonly timeouts: ServerTimeouts
  readonly #joined: JoinedServer
  readonly #lines: MarkedLines
  readonly #client: ClientConnection
  readonly #kept: KeptRequest
  readonly #servedBody: ServedBody
  /** Candidate of the first attempt. */
  #first: Candidate | undefined
  /** The server's parser listens to the socket. */
  #isAttached = false
  #hasServed = false
  /** Requests in a row that were served here. */
  #servedInARow = 0
  /** A request that has arrived, while peers are asked about it. */
  #waiting: WaitingRequest | undefined
  /** The decision about the request that is read next. */
  #decided: Decided | undefined

  constructor(accepted: Socket, lines: MarkedLines, joined: JoinedServer) {
    const { server, handOver, timeouts } = joined
    const { traffic } = handOver.policy
    this.socket = accepted
    this.timeouts = timeouts
    this.#joined = joined
    this.#lines = lines
    this.#kept = new KeptRequest(traffic.buffers)
    this.#servedBody = new ServedBody(traffic.buffers.answer)
    const address = plainAddress(accepted.remoteAddress ?? 'unknown')
    // The client's own claims about the origin are passed on: the application judges them, there as here.
    const identity = { address, trusted: true, forwarded: lines, tls: undefined }
    this.#client = new ClientConnection(accepted, traffic, this, this.#closed, identity)
    if (server.timeout > 0) {
      accepted.setTimeout(server.timeout)
      accepted.on('timeout', this.#timedOut)
    }
  }

  readonly #closed = (): void => {
    this.#waiting?.pending.cancel()
    this.#kept.drop()
    this.#joined.closed(this)
  }

  /** A peer has not answered the present request yet, or peers are asked about it. */
  get isHandingOver(): boolean {
    return this.#client.state === 'busy' || this.#waiting !== undefined
  }

  /** Between two requests, after the first one. */
  get isKeptAlive(): boolean {
    return this.#client.isIdle && this.#hasServed
  }

  /** The server takes the connection for idle although it is not, because its parser waits for us. */
  get looksIdle(): boolean {
    return this.#isAttached && (this.#client.state !== 'away' || this.#waiting !== undefined)
  }

  /** Ends the connection when it is idle. */
  drain(): void {
    this.#client.drain()
  }

  destroy(): void {
    this.#client.destroy()
  }

  /** The server gets the connection now, or after the present exchange. */
  release(): void {
    if (this.#waiting !== undefined) return
    switch (this.#client.state) {
      case 'lingering':
        return this.#lingerAlone()
      case 'busy':
      case 'finishing':
      case 'tunnel':
      case 'closed':
        return
    }
    if (this.isKeptAlive) this.#prepareIdle()
    const unread = this.#client.releaseUnread() ?? nothing
    this.#releaseWith(unread, 0, unread.length, undefined)
  }

  /** Stops waiting for the peer's response, unless it has begun. */
  abandon(): void {
    if (this.#waiting !== undefined) {
      this.#waiting.pending.cancel()
      return this.#goOn(here)
    }
    const { exchange } = this.#client
    if (!this.isHandingOver || exchange === undefined || exchange.answered) return
    try {
      exchange.nodeTimedOut()
    } catch (error) {
      this.destroy()
      this.#joined.handOver.policy.traffic.fault(error)
    }
  }

  /** The same when it waits for this peer and the request can be served here instead. */
  abandonPeer(id: number): void {
    const { exchange } = this.#client
    if (exchange?.nodeId !== id || this.#kept.content === undefined) return
    if (isRepeatable(exchange.head)) this.abandon()
  }

  /** Ends a tunnel to this peer. */
  cutPeer(id: number): void {
    const { exchange, state } = this.#client
    if (state === 'tunnel' && exchange?.nodeId === id) this.destroy()
  }

  // The rules of the connection.

  /** A stream cannot be left to the HTTP server of the application. */
  get acceptsHttp2(): boolean {
    return false
  }

  get allowsHalfOpen(): boolean {
    return allowsHalfOpen(this.#joined.server)
  }

  /** As the server's: a deadline for the whole request alone. */
  get bodyPace(): PaceLimits {
    return { pauseMs: never, minRate: 0, wholeMs: this.timeouts.requestMs }
  }

  accept(exchange: Exchange, bytes: Buffer, from: number, bodyFrom: number, end: number): number {
    this.#hasServed = true
    const { isOver, handOver } = this.#joined
    const { head } = exchange
    const decided = this.#decided
    this.#decided = undefined
    const isLeft = isOver || hasOtherReader(this.socket)
    const length = bodyFrom - from
    const choice = isLeft
      ? undefined
      : (decided ?? chooseByHead(head, length, this.#client.address, handOver))
    if (choice === undefined) return this.#releaseWith(bytes, from, end, undefined)
    if (choice.mode === 'asking') return this.#await(choice.pending, bytes, from, end)
    if (choice.mode !== 'proxy') {
      // Where every request is served here, reading first costs a second parser and saves nothing.
      const isUseless = ++this.#servedInARow >= handOverLimits.hereInARowMax
      if (isUseless) return this.#releaseWith(bytes, from, end, choice)
      return this.#lend(head, bytes, from, bodyFrom, end, choice)
    }
    this.#servedInARow = 0
    if (this.#forward(exchange, choice.candidate, bytes, bodyFrom, end) !== undefined) {
      return this.#releaseWith(bytes, from, end, undefined)
    }
    handOver.counts.handed++
    const { behind } = exchange
    if (this.isHandingOver) this.#kept.keep(bytes, from, bodyFrom, behind)
    return behind
  }

  /** The request and its body stay unread until peers have answered. */
  #await(pending: PendingChoice, bytes: Buffer, from: number, end: number): number {
    this.#waiting = { pending, bytes: Buffer.from(bytes.subarray(from, end)) }
    this.#client.goAway()
    this.#client.connection.pause()
    pending.onDecided((decided) => this.#goOn(decided))
    return end
  }

  /** Reads the request that has waited, with the decision about it. */
  #goOn(decided: Decided): void {
    const { bytes } = this.#waiting ?? {}
    if (bytes === undefined) return
    this.#waiting = undefined
    this.#decided = decided
    try {
      this.#client.connection.resume()
      this.#client.comeBack(bytes, bytes.length)
    } catch (error) {
      this.destroy()
      this.#joined.handOver.policy.traffic.fault(error)
    }
  }

  #forward(
    exchange: Exchange,
    first: Candidate,
    bytes: Buffer,
    bodyFrom: number,
    end: number,
  ): Refusal | undefined {
    const { head } = exchange
    const { traffic, application } = this.#joined.handOver.policy
    this.#lines.mark(Math.round(traffic.clock.wall()), head.method, targetOf(head))
    this.#first = first
    return exchange.forwardTo(application, this.#choose, bytes, bodyFrom, end)
  }

  readonly #choose = (tried: readonly number[]): Candidate | undefined => {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined) return first
    const { exchange, address } = this.#client
    const { content } = this.#kept
    if (exchange === undefined || content === undefined) return undefined
    // The buffer that the head was parsed from has other bytes by now.
    exchange.head.parse(content, 0, content.length)
    return this.#joined.handOver.policy.another(view.of(exchange.head, address), tried)
  }

  bodySent({ head }: Exchange, bytes: Buffer, to: number): void {
    this.#kept.addBody(bytes, to, head.isIdempotent)
  }

  /** The application here answers instead, as long as the client cannot notice. */
  acceptRefused({ head }: Exchange, refusal: Refusal): boolean {
    const { content } = this.#kept
    if (content === undefined || !mayServeHere(head, refusal)) return false
    const unread = this.#client.releaseUnread()
    const bytes = unread === undefined ? Buffer.from(content) : Buffer.concat([content, unread])
    const bodyFrom = head.parse(bytes, 0, bytes.length)
    this.#lend(head, bytes, 0, bodyFrom, bytes.length, cameBack)
    this.#client.connection.resume()
    return true
  }

  acceptInvalid(bytes: Buffer, from: number, end: number): boolean {
    this.#releaseWith(bytes, from, end, undefined)
    return true
  }

  /** As Node.js does: a listener of the server ends the connection, else we do. */
  acceptLate(): boolean {
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    return this.#joined.server.emit('clientError', error, this.socket)
  }

  becameIdle(): void {
    this.#kept.drop()
    if (this.#joined.isOver) this.release()
  }

  upgrading(): void {
    this.#kept.drop()
    // As the server lets go of a connection that is upgraded here.
    ignoreEnd(this.socket)
    this.socket.setTimeout(0)
  }

  receivedAway(bytes: Buffer, length: number): void {
    if (this.#waiting !== undefined) {
      this.#waiting.bytes = Buffer.concat([this.#waiting.bytes, bytes.subarray(0, length)])
      return
    }
    if (!this.#servedBody.isComplete) {
      if (this.#servedBody.add(bytes, 0, length)) this.#passOn(bytes, 0, length)
      else this.#releaseWith(bytes, 0, length, undefined)
      return
    }
    if (!hasAnsweredAll(this.socket)) {
      this.#releaseWith(bytes, 0, length, undefined)
      return
    }
    const { server } = this.#joined
    // The server's timeout for idle connections must not end while a head or a response is on its way.
    if (this.socket.timeout !== server.timeout) this.socket.setTimeout(server.timeout)
    this.#client.comeBack(bytes, length)
  }

  // The server.

  /**
   * The server gets one request, and the connection comes back when it has been answered.
   * @returns the offset after the bytes that the server got.
   */
  #lend(
    head: RequestHead,
    bytes: Buffer,
    from: number,
    bodyFrom: number,
    end: number,
    decision: KeptDecision,
  ): number {
    const isUpgrade = head.wantsUpgrade && head.upgrade >= 0
    if (isUpgrade || !this.#servedBody.begin(head, bytes, bodyFrom, end)) {
      return this.#releaseWith(bytes, from, end, decision)
    }
    this.#goAway(decision)
    if (!this.#isAttached) this.#attach(false)
    this.#passOn(bytes, from, end)
    return end
  }

  /**
   * The connection is the server's for good, beginning with bytes[from..end).
   * @param decision about the first request, when one was made.
   */
  #releaseWith(
    bytes: Buffer,
    from: number,
    end: number,
    decision: KeptDecision | undefined,
  ): number {
    this.#goAway(decision)
    if (this.#isAttached) letReadHandle(this.socket)
    else this.#attach(true)
    if (from < end) this.#passOn(bytes, from, end)
    this.#client.release()
    return end
  }

  #goAway(decision: KeptDecision | undefined): void {
    this.#kept.drop()
    if (this.#client.state !== 'away') this.#client.goAway()
    keepDecision(this.socket, decision)
  }

  #passOn(bytes: Buffer, from: number, end: number): void {
    this.#client.connection.passOn(Buffer.from(bytes.subarray(from, end)))
  }

  #attach(readsHandle: boolean): void {
    const { server, listener } = this.#joined
    this.#isAttached = true
    this.socket.off('timeout', this.#timedOut)
    attachParser(server, listener, this.socket, readsHandle)
  }

  /** As Node.js does for the server's `timeout`. */
  readonly #timedOut = (): void => {
    if (!this.#joined.server.emit('timeout', this.socket)) this.socket.destroy()
  }

  /** The ticker may stop, so the deadline becomes a timeout of the socket. */
  #lingerAlone(): void {
    const { socket } = this
    const { lingerMs } = this.#joined.handOver.policy.traffic.settings.timeouts
    socket.setTimeout(lingerMs, () => socket.destroy())
  }

  #prepareIdle(): void {
    if (!this.#isAttached) return this.#joined.releasedUnseen(this.socket)
    // `receivedAway` has replaced the server's timeout for idle connections.
    const { idleMs } = this.timeouts
    if (Number.isFinite(idleMs)) this.socket.setTimeout(idleMs)
  }
}

function mayServeHere(head: RequestHead, refusal: Refusal): boolean {
  const isUnsent = refusal.code === noNode.code || refusal.code === proxyFull.code
  return refusal.status >= 500 && (isUnsent || isRepeatable(head))
}

/** An upgrade begins a conversation, so it is not executed twice. */
function isRepeatable({ isIdempotent, wantsUpgrade }: RequestHead): boolean {
  return isIdempotent && !wantsUpgrade
}

const nothing = Buffer.alloc(0)
