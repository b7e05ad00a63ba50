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
  type ClientWays,
  type Exchange,
  noNode,
  proxyFull,
  type Refusal,
  type Traffic,
} from '../../forward/index.ts'
import type { Connection } from '../../net/connection.ts'
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
  readonly timeouts: ClientWays['timeouts']
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

export class PeerConnection extends ClientConnection {
  readonly #owner: ConnectionOwner
  readonly #lines: MarkedLines
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
    const { traffic, timeouts } = owner
    // What the client says of where it came from is the application's to judge, there as it would be here.
    const ways = { trusted: true, forwarded: lines, timeouts }
    super(accepted, traffic, (connection) => owner.gone(connection as PeerConnection), ways)
    this.#owner = owner
    this.#lines = lines
    if (owner.server.timeout > 0) {
      accepted.setTimeout(owner.server.timeout)
      accepted.on('timeout', this.#silent)
    }
  }

  get socket(): Socket {
    return this.connection.socket
  }

  /** Idle, and not only because nothing has come yet. */
  get isKeptOpen(): boolean {
    return this.isIdle && this.#hasServed
  }

  /** The server takes it for idle, as its parser waits for us: a peer is at work, or a head or an answer is on its way. */
  get looksIdle(): boolean {
    return this.#isAttached && !this.isAway
  }

  protected override begin(
    exchange: Exchange,
    bytes: Buffer,
    from: number,
    bodyFrom: number,
    end: number,
  ): number {
    this.#hasServed = true
    const { head } = exchange
    const isLeft = this.#owner.isOver || hasOtherReader(this.socket)
    const choice = isLeft ? undefined : this.#owner.decide(head, this.address)
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
    if (head.hasBody) this.#wholeBy = traffic.ticker.now + this.#owner.timeouts.bodyMs
    return exchange.forwardTo(application, this.#choose, bytes, bodyFrom, end)
  }

  readonly #choose = (tried: readonly number[]): Candidate | undefined => {
    const first = this.#first
    this.#first = undefined
    if (first !== undefined) return first
    const [exchange, kept] = [this.exchange, this.#kept]
    if (exchange === undefined || kept === undefined) return undefined
    // The bytes that the head was read from are gone, these are the same.
    exchange.head.parse(kept.bytes, 0, kept.length)
    return this.#owner.another(exchange.head, this.address, tried)
  }

  override bodyProgress(): void {
    super.bodyProgress()
    this.deadline = Math.min(this.deadline, this.#wholeBy)
  }

  protected override bodyRead(bytes: Buffer, to: number): void {
    const kept = this.#kept
    if (kept === undefined || this.exchange === undefined) return
    const isMuch = kept.length - this.#headBytes + to > handOverLimits.keptBodyBytesMax
    if (isMuch || !this.exchange.head.isIdempotent) this.#drop()
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
  override refuse(refusal: Refusal, closes: boolean, toHead: boolean): void {
    if (this.#canComeBack(refusal)) this.#comeHere()
    else super.refuse(refusal, closes, toHead)
  }

  #canComeBack(refusal: Refusal): boolean {
    if (this.#kept === undefined || refusal.status < 500) return false
    const isUnsent = refusal === noNode || refusal === proxyFull
    return isUnsent || this.exchange?.head.isIdempotent === true
  }

  override exchangeOver(closes: boolean): void {
    super.exchangeOver(closes)
    if (this.#owner.isOver) this.giveBack()
  }

  /** A request that was handed over is served here after all. */
  #comeHere(): void {
    const [exchange, kept] = [this.exchange, this.#kept]
    if (exchange === undefined || kept === undefined) return
    const stash = this.takeStash()
    const bytes =
      stash === undefined ? Buffer.from(kept.content) : Buffer.concat([kept.content, stash])
    const bodyFrom = exchange.head.parse(bytes, 0, bytes.length)
    this.#lend(exchange.head, bytes, 0, bodyFrom, bytes.length, cameBack)
    this.connection.resume()
  }

  protected override giveExchange(): void {
    this.#drop()
    this.#wholeBy = Number.POSITIVE_INFINITY
    super.giveExchange()
  }

  override becomeTunnel(node: Connection): void {
    this.#drop()
    // As the server lets go of a connection that is upgraded here.
    ignoreEnd(this.socket)
    this.socket.setTimeout(0)
    super.becomeTunnel(node)
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
    this.goAway()
    tellDecided(this.socket, decided)
    if (!this.#isAttached) this.#attach(false)
    this.connection.passOn(Buffer.from(bytes.subarray(from, end)))
    return end
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

  protected override passedBy(bytes: Buffer, length: number): void {
    const body = this.#body
    if (body === undefined || body.done) {
      if (!hasAnsweredAll(this.socket)) {
        this.#give(bytes, 0, length, undefined)
        return
      }
      this.comeBack()
      const { server } = this.#owner
      // The server's time for idle connections must not end while a head or an answer is on its way.
      if (this.socket.timeout !== server.timeout) this.socket.setTimeout(server.timeout)
      return this.received(bytes, length)
    }
    if (this.#follow(body, bytes, 0, length)) {
      this.connection.passOn(Buffer.from(bytes.subarray(0, length)))
    } else this.#give(bytes, 0, length, undefined)
  }

  override ended(): void {
    if (this.isBusy && !allowsHalfOpen(this.#owner.server)) this.destroy()
    else super.ended()
  }

  protected override unreadable(_: Refusal, bytes: Buffer, from: number, end: number): void {
    this.#give(bytes, from, end, undefined)
  }

  protected override headLate(): void {
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    // Who listens ends the connection.
    if (!this.#owner.server.emit('clientError', error, this.socket)) super.headLate()
  }

  readonly #silent = (): void => {
    if (!this.#owner.server.emit('timeout', this.socket)) this.socket.destroy()
  }

  #attach(takes: boolean): void {
    const { server, listener } = this.#owner
    this.#isAttached = true
    this.socket.off('timeout', this.#silent)
    attachParser(server, listener, this.socket, takes)
  }

  /**
   * The connection is the server's from now on, beginning with bytes[from..end).
   * @param decided about the first request, when somebody has.
   */
  #give(bytes: Buffer, from: number, end: number, decided: Decided | undefined): number {
    this.goAway()
    tellDecided(this.socket, decided)
    if (this.#isAttached) letReadHandle(this.socket)
    else this.#attach(true)
    if (from < end) this.connection.passOn(Buffer.from(bytes.subarray(from, end)))
    this.connection.release()
    this.gone()
    return end
  }

  /** The server gets what has come, unless an exchange is under way. */
  giveBack(): void {
    if (this.isLingering) return this.#lingerAlone()
    if (this.isBusy || this.isClosing) return
    if (this.isKeptOpen) this.#giveIdle()
    const stash = this.takeStash() ?? nothing
    this.#give(stash, 0, stash.length, undefined)
  }

  /** Deadlines may not be looked at any more. */
  #lingerAlone(): void {
    const { socket } = this
    socket.setTimeout(this.#owner.traffic.settings.timeouts.lingerMs, () => socket.destroy())
  }

  #giveIdle(): void {
    if (!this.#isAttached) return this.#owner.unseen(this.socket)
    // The server has set its time for idle connections, and ends that with the next request; but `passedBy` did.
    const { idleMs } = this.#owner.timeouts
    if (Number.isFinite(idleMs)) this.socket.setTimeout(idleMs)
  }

  /** Nobody waits for the peer's answer any longer. */
  giveUp(): void {
    const { exchange } = this
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
    const { exchange } = this
    if (exchange?.nodeId !== id || this.#kept === undefined) return
    if (exchange.head.isIdempotent) this.giveUp()
  }
}

const nothing = Buffer.alloc(0)
