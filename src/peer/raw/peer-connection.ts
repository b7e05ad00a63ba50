// A client's connection to a joined server, read by us first: what goes to a peer is forwarded as bytes, without
// Node.js's HTTP server; for what is served here the server gets the bytes as they came. Once something comes
// that is not worth the care (a mark, HTTP/1.0, requests behind one that is being served here, what our
// parser refuses), the connection is the server's for good, and wrap-server.ts decides.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { handOverLimits } from '../../base/limits.ts'
import type { Application, Candidate } from '../../cluster/routes.ts'
import {
  ClientConnection,
  type ClientRules,
  type Exchange,
  noNode,
  proxyFull,
  type Refusal,
  type Traffic,
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
import { BodyRelay } from '../../wire/http/body-relay.ts'
import type { Out } from '../../wire/http/out.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { Choice } from '../choice/chooser.ts'
import { cameBack, type Decided, tellDecided } from '../hand-over/decided.ts'
import { targetOf } from './head-view.ts'
import type { MarkedLines } from './marked-lines.ts'

/** What all connections of one server share. */
export interface ConnectionOwner {
  readonly traffic: Traffic
  readonly server: Server
  readonly listener: ConnectionListener
  readonly timeouts: ServerTimeouts
  /** Where requests may go. */
  readonly application: Application
  /** Nothing is handed over any more: connections go to the server. */
  readonly isOver: boolean
  /** `undefined`: the server parses it, then it is decided. */
  decide(head: RequestHead, client: string): Choice | undefined
  /** Another candidate after a failure; `undefined`: the application here. */
  another(head: RequestHead, client: string, tried: readonly number[]): Candidate | undefined
  /** One more has been handed over. */
  handed(): void
  /** The server gets it between two requests, and has not seen any on it. */
  unseen(socket: Socket): void
  gone(connection: PeerConnection): void
}

/** The server's timeouts at this moment, ms. */
export interface ServerTimeouts {
  readonly headMs: number
  readonly idleMs: number
  /** Of a whole request with its body. */
  readonly requestMs: number
}

export class PeerConnection implements ClientRules {
  readonly socket: Socket
  readonly timeouts: ServerTimeouts
  readonly #owner: ConnectionOwner
  readonly #lines: MarkedLines
  readonly #client: ClientConnection
  #first: Candidate | undefined
  /** The request that is handed over, as it came, while it can be given to the application here. */
  #kept: Out | undefined
  #headBytes = 0
  /** When the whole request must have come, ticker time. */
  #wholeBy = Number.POSITIVE_INFINITY
  /** The server's parser listens. */
  #isAttached = false
  /** Of the request that is served here, as far as it has one. */
  #body: BodyRelay | undefined
  #hasServed = false
  /** Requests that were served here, one after the other. */
  #inARow = 0

  constructor(accepted: Socket, lines: MarkedLines, owner: ConnectionOwner) {
    const { traffic, server } = owner
    this.socket = accepted
    this.timeouts = owner.timeouts
    this.#owner = owner
    this.#lines = lines
    // What the client says of where it came from is the application's to judge, there as it would be here.
    const address = plainAddress(accepted.remoteAddress ?? 'unknown')
    const identity = { address, trusted: true, forwarded: lines, tls: undefined }
    this.#client = new ClientConnection(accepted, traffic, this, this.#closed, identity)
    if (server.timeout > 0) {
      accepted.setTimeout(server.timeout)
      accepted.on('timeout', this.#silent)
    }
  }

  readonly #closed = (): void => {
    this.#drop()
    this.#owner.gone(this)
  }

  /** A request is at a peer. */
  get isBusy(): boolean {
    return this.#client.state === 'busy'
  }

  /** Idle, and not only because nothing has come yet. */
  get isKeptOpen(): boolean {
    return this.#client.isIdle && this.#hasServed
  }

  /** The server takes it for idle, as its parser waits for us: a peer is at work, or a head or an answer is on its way. */
  get looksIdle(): boolean {
    return this.#isAttached && this.#client.state !== 'away'
  }

  drain(): void {
    this.#client.drain()
  }

  destroy(): void {
    this.#client.destroy()
  }

  get allowsHalfOpen(): boolean {
    return allowsHalfOpen(this.#owner.server)
  }

  bodyDeadline(): number {
    return this.#wholeBy
  }

  accept(exchange: Exchange, bytes: Buffer, from: number, bodyFrom: number, end: number): number {
    this.#hasServed = true
    const { head } = exchange
    const isLeft = this.#owner.isOver || hasOtherReader(this.socket)
    const choice = isLeft ? undefined : this.#owner.decide(head, this.#client.address)
    if (choice === undefined) return this.#give(bytes, from, end, undefined)
    if (choice.mode !== 'proxy') {
      // Where all stays here, reading first is of no use: two parsers for each request.
      const isHome = ++this.#inARow >= handOverLimits.hereInARowMax
      if (isHome) return this.#give(bytes, from, end, choice)
      return this.#lend(head, bytes, from, bodyFrom, end, choice)
    }
    this.#inARow = 0
    if (this.#handOver(exchange, choice.candidate, bytes, bodyFrom, end) !== undefined) {
      return this.#give(bytes, from, end, undefined)
    }
    this.#owner.handed()
    const { behind } = exchange
    if (this.isBusy) this.#keep(bytes, from, bodyFrom, behind)
    return behind
  }

  #handOver(
    exchange: Exchange,
    candidate: Candidate,
    bytes: Buffer,
    bodyFrom: number,
    end: number,
  ): Refusal | undefined {
    const { traffic, application } = this.#owner
    const { head } = exchange
    const time = Math.round(traffic.clock.wall())
    this.#lines.mark(time, head.method, targetOf(head))
    this.#first = candidate
    this.#wholeBy = head.hasBody
      ? traffic.ticker.now + this.timeouts.requestMs
      : Number.POSITIVE_INFINITY
    return exchange.forwardTo(application, this.#choose, bytes, bodyFrom, end)
  }

  readonly #choose = (tried: readonly number[]): Candidate | undefined => {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined) return first
    const [{ exchange, address }, kept] = [this.#client, this.#kept]
    if (exchange === undefined || kept === undefined) return undefined
    // The bytes that the head was read from are gone, these are the same.
    exchange.head.parse(kept.bytes, 0, kept.length)
    return this.#owner.another(exchange.head, address, tried)
  }

  bodySent({ head }: Exchange, bytes: Buffer, to: number): void {
    const kept = this.#kept
    if (kept === undefined) return
    const isMuch = kept.length - this.#headBytes + to > handOverLimits.keptBodyBytesMax
    if (isMuch || !head.isIdempotent) this.#drop()
    else kept.copy(bytes, 0, to)
  }

  #keep(bytes: Buffer, from: number, bodyFrom: number, to: number): void {
    this.#headBytes = bodyFrom - from
    this.#kept = this.#owner.traffic.buffers.leaseOut()
    this.#kept.copy(bytes, from, to)
  }

  #drop(): void {
    if (this.#kept !== undefined) this.#owner.traffic.buffers.releaseOut(this.#kept)
    this.#kept = undefined
  }

  /** The application here answers instead, as long as nobody can notice. */
  acceptRefused(exchange: Exchange, refusal: Refusal): boolean {
    const kept = this.#kept
    if (kept === undefined || !this.#canComeBack(exchange, refusal)) return false
    const unread = this.#client.releaseUnread()
    const bytes =
      unread === undefined ? Buffer.from(kept.content) : Buffer.concat([kept.content, unread])
    const bodyFrom = exchange.head.parse(bytes, 0, bytes.length)
    this.#lend(exchange.head, bytes, 0, bodyFrom, bytes.length, cameBack)
    this.#client.connection.resume()
    return true
  }

  #canComeBack({ head }: Exchange, refusal: Refusal): boolean {
    const isUnsent = refusal === noNode || refusal === proxyFull
    return refusal.status >= 500 && (isUnsent || head.isIdempotent)
  }

  becameIdle(): void {
    this.#drop()
    if (this.#owner.isOver) this.giveBack()
  }

  upgrading(): void {
    this.#drop()
    // As the server lets go of a connection that is upgraded here.
    ignoreEnd(this.socket)
    this.socket.setTimeout(0)
  }

  /**
   * The server gets one request, and the connection comes back to us when that is answered.
   * @returns the offset behind what it got.
   */
  #lend(
    head: RequestHead,
    bytes: Buffer,
    from: number,
    bodyFrom: number,
    end: number,
    decided: Decided,
  ): number {
    const isUpgrade = head.wantsUpgrade && head.upgrade >= 0
    if (isUpgrade || !this.#beginBody(head, bytes, bodyFrom, end)) {
      return this.#give(bytes, from, end, decided)
    }
    this.#goAway()
    tellDecided(this.socket, decided)
    if (!this.#isAttached) this.#attach(false)
    this.#client.connection.passOn(Buffer.from(bytes.subarray(from, end)))
    return end
  }

  #goAway(): void {
    this.#drop()
    if (this.#client.state !== 'away') this.#client.goAway()
  }

  /** @returns false when bytes[at..end) is not all of one body. */
  #beginBody(head: RequestHead, bytes: Buffer, at: number, end: number): boolean {
    if (!head.hasBody) {
      if (this.#body !== undefined) this.#body.done = true
      return at === end
    }
    this.#body ??= new BodyRelay()
    this.#body.begin(head.chunked ? 'chunked' : 'length', head.contentLength, 'same')
    return this.#follow(this.#body, bytes, at, end)
  }

  /** Where the body ends is all that is asked. @returns false when bytes[at..end) is not all of it. */
  #follow(body: BodyRelay, bytes: Buffer, at: number, end: number): boolean {
    if (body.passes(at, end)) return true
    const { answer } = this.#owner.traffic.buffers
    const behind = body.relay(bytes, at, end, answer)
    answer.clear()
    return behind === end
  }

  receivedAway(bytes: Buffer, length: number): void {
    const body = this.#body
    if (body === undefined || body.done) {
      if (!hasAnsweredAll(this.socket)) {
        this.#give(bytes, 0, length, undefined)
        return
      }
      const { server } = this.#owner
      // The server's time for idle connections must not end while a head or an answer is on its way.
      if (this.socket.timeout !== server.timeout) this.socket.setTimeout(server.timeout)
      return this.#client.comeBack(bytes, length)
    }
    if (this.#follow(body, bytes, 0, length)) {
      this.#client.connection.passOn(Buffer.from(bytes.subarray(0, length)))
    } else this.#give(bytes, 0, length, undefined)
  }

  acceptInvalid(bytes: Buffer, from: number, end: number): boolean {
    this.#give(bytes, from, end, undefined)
    return true
  }

  acceptLate(): boolean {
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    // Who listens ends the connection.
    return this.#owner.server.emit('clientError', error, this.socket)
  }

  readonly #silent = (): void => {
    if (!this.#owner.server.emit('timeout', this.socket)) this.socket.destroy()
  }

  #attach(readsHandle: boolean): void {
    const { server, listener } = this.#owner
    this.#isAttached = true
    this.socket.off('timeout', this.#silent)
    attachParser(server, listener, this.socket, readsHandle)
  }

  /**
   * The connection is the server's from now on, beginning with bytes[from..end).
   * @param decided about the first request, when somebody has.
   */
  #give(bytes: Buffer, from: number, end: number, decided: Decided | undefined): number {
    this.#goAway()
    tellDecided(this.socket, decided)
    if (this.#isAttached) letReadHandle(this.socket)
    else this.#attach(true)
    if (from < end) this.#client.connection.passOn(Buffer.from(bytes.subarray(from, end)))
    this.#client.release()
    return end
  }

  /** The server gets what has come, unless an exchange is under way. */
  giveBack(): void {
    switch (this.#client.state) {
      case 'lingering':
        return this.#lingerAlone()
      case 'busy':
      case 'finishing':
      case 'tunnel':
      case 'closed':
        return
    }
    if (this.isKeptOpen) this.#giveIdle()
    const unread = this.#client.releaseUnread() ?? nothing
    this.#give(unread, 0, unread.length, undefined)
  }

  /** Deadlines may not be looked at any more. */
  #lingerAlone(): void {
    const { socket } = this
    socket.setTimeout(this.#owner.traffic.settings.timeouts.lingerMs, () => socket.destroy())
  }

  #giveIdle(): void {
    if (!this.#isAttached) return this.#owner.unseen(this.socket)
    // The server has set its time for idle connections, and ends that with the next request; but `passedBy` did.
    const { idleMs } = this.timeouts
    if (Number.isFinite(idleMs)) this.socket.setTimeout(idleMs)
  }

  /** Nobody waits for the peer's answer any longer. */
  giveUp(): void {
    const { exchange } = this.#client
    if (!this.isBusy || exchange === undefined || exchange.answered) return
    try {
      exchange.nodeTimedOut()
    } catch (error) {
      this.destroy()
      this.#owner.traffic.fault(error)
    }
  }

  /** As `giveUp`, if it waits for this peer, and if it can be served here instead. */
  peerLost(id: number): void {
    const { exchange } = this.#client
    if (exchange?.nodeId !== id || this.#kept === undefined) return
    if (exchange.head.isIdempotent) this.giveUp()
  }
}

const nothing = Buffer.alloc(0)
