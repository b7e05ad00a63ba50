// Stage 1: one client's connection: bytes -> requests, one exchange after the other, answers in the
// order of the requests. Owns what is left over between reads.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { hostText } from '../../base/host-port.ts'
import { httpLimits } from '../../base/limits.ts'
import { countRefusal } from '../../cluster/traffic-counts.ts'
import { plainAddress } from '../../net/address.ts'
import { Connection, type Receiver } from '../../net/connection.ts'
import type { Corked } from '../../net/corks.ts'
import { SecureConnection } from '../../net/secure-connection.ts'
import { SocketTls } from '../../net/socket-tls.ts'
import type { Timed } from '../../net/ticker.ts'
import { ForwardedFields, type ForwardedLines } from '../../wire/forwarded.ts'
import type { Out } from '../../wire/http/out.ts'
import { INCOMPLETE, problemOf } from '../../wire/http/problem.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeClient } from '../exchange-client.ts'
import type { ClientTls } from '../node/request-source.ts'
import { clientSlow, clientUnknown, type Refusal, refusalBytes } from '../refusal.ts'
import type { Timeouts } from '../shared/settings.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { Tunnel } from './tunnel.ts'

/**
 * - `idle`: between requests. `head`: a request has begun.
 * - `busy`: an exchange is under way.
 * - `linger`: the last answer has been sent; what still comes is thrown away, so that the client can
 *   read that answer before the connection is gone [RFC 9112 9.6].
 * - `barred`: whatever it asks for is refused.
 * - `away`: somebody else reads and answers.
 */
type State = 'barred' | 'idle' | 'head' | 'busy' | 'linger' | 'away' | 'closed'

/** Answers that are held back together, bytes. */
const heldBytesMax = 16_384

/** Whole heads come in a few pieces; parsing from the start again is cheap for these, not for thousands of single bytes. */
const parsesMax = 16

/** What is not the proxy's way, for a client of somebody else. */
export interface ClientWays {
  readonly trusted: boolean
  readonly forwarded: ForwardedLines
  readonly timeouts: Pick<Timeouts, 'headMs' | 'idleMs' | 'bodyMs'>
}

export class ClientConnection implements Corked, ExchangeClient, Receiver, Timed {
  readonly connection: Connection
  readonly address: string
  readonly trusted: boolean
  readonly forwarded: ForwardedLines
  readonly tls: ClientTls | undefined
  deadline: number
  readonly #traffic: Traffic
  readonly #timeouts: ClientWays['timeouts']
  /** While a request is being read or under way. */
  #exchange: Exchange | undefined
  readonly #onClosed: (connection: ClientConnection) => void
  #state: State = 'idle'
  /** Bytes that arrived and are not read yet. */
  #stash: Buffer | undefined
  #parses = 0
  #lingered = 0
  #reads: Buffer | undefined
  #peerEnded = false
  #consuming = false
  #tunnel: Tunnel | undefined
  /** Answers that wait for the next one: the client has asked for several at once. */
  #held: Out | undefined

  constructor(
    accepted: Socket,
    traffic: Traffic,
    onClosed: (connection: ClientConnection) => void,
    ways?: ClientWays,
  ) {
    this.#traffic = traffic
    this.#onClosed = onClosed
    this.#timeouts = ways?.timeouts ?? traffic.settings.timeouts
    this.address = plainAddress(accepted.remoteAddress ?? 'unknown')
    this.trusted = ways?.trusted ?? traffic.isTrusted(this.address)
    const secure = accepted instanceof TLSSocket ? accepted : undefined
    const shown = secure === undefined ? undefined : new SocketTls(secure)
    this.tls = shown
    this.forwarded =
      ways?.forwarded ??
      new ForwardedFields({
        address: this.address,
        scheme: secure === undefined ? 'http' : 'https',
        trusted: this.trusted,
        via: traffic.via,
        certificate: traffic.settings.clientCert ? shown?.certificateDer : undefined,
      })
    this.deadline = traffic.ticker.now + this.#timeouts.headMs
    traffic.counters.connections++
    traffic.ticker.add(this)
    this.connection =
      secure === undefined
        ? Connection.accept(accepted, this)
        : SecureConnection.acceptSecure(secure, this)
  }

  /** It has not shown who it is: its first request is refused, and nothing else is read. */
  bar(): void {
    this.#state = 'barred'
  }

  /** Address and port that the client came to. */
  get localAuthority(): string {
    const { localAddress = '', localPort = 0 } = this.connection.socket
    return `${hostText(plainAddress(localAddress))}:${localPort}`
  }

  get port(): number | undefined {
    return this.connection.socket.remotePort
  }

  get pending(): number {
    return this.connection.pending
  }

  nextBuffer(): Buffer {
    const { buffers } = this.#traffic
    const exchange = this.#exchange
    if (this.#state === 'busy' && exchange?.requestBody.done === false) {
      this.#reads ??= buffers.leaseRead()
      return this.#reads
    }
    if (this.#reads !== undefined) {
      // While the node's connection still sends from it, it is left to that.
      if ((exchange?.requestPending ?? 0) === 0) buffers.releaseRead(this.#reads)
      this.#reads = undefined
    }
    return buffers.shared
  }

  received(bytes: Buffer, length: number): void {
    switch (this.#state) {
      case 'idle':
      case 'head':
        return this.#more(bytes, length)
      case 'busy': {
        const exchange = this.#exchange
        if (exchange?.requestBody.done !== false) return this.#keepFor(bytes, 0, length)
        // The first piece behind a pipelined head lands where all connections read; it may have to wait for its node.
        const isShared = bytes === this.#traffic.buffers.shared
        const own = isShared ? Buffer.from(bytes.subarray(0, length)) : bytes
        const behind = exchange.clientSent(own, length)
        this.bodyRead(own, behind)
        if (behind < length) this.#keepFor(own, behind, length)
        return
      }
      case 'linger':
        this.#lingered += length
        if (this.#lingered > httpLimits.lingerBytesMax) this.connection.destroy()
        return
      case 'barred':
        return this.refuseHead(clientUnknown)
      case 'away':
        return this.passedBy(bytes, length)
      case 'closed':
        return
    }
  }

  /**
   * What becomes of a request whose head is bytes[from..bodyFrom): it goes to a node.
   * @returns the offset behind what belongs to it.
   */
  protected begin(
    exchange: Exchange,
    bytes: Buffer,
    _from: number,
    bodyFrom: number,
    end: number,
  ): number {
    return exchange.forward(bytes, bodyFrom, end)
  }

  /** bytes[from..end) is no request. */
  protected unreadable(problem: Refusal, _bytes: Buffer, _from: number, _end: number): void {
    this.refuseHead(problem)
  }

  /** The head of a request is not complete in time. */
  protected headLate(): void {
    this.refuseHead(clientSlow)
  }

  /** bytes[0..to) of the request's body have been taken. */
  protected bodyRead(_bytes: Buffer, _to: number): void {}

  /** bytes[0..length) are for whoever reads instead. */
  protected passedBy(_bytes: Buffer, _length: number): void {}

  /** From now on somebody else reads and answers. */
  protected goAway(): void {
    this.uncork()
    this.giveExchange()
    this.#state = 'away'
    this.deadline = Number.POSITIVE_INFINITY
  }

  /** Whoever read instead has answered; the next bytes begin a request. */
  protected comeBack(): void {
    this.#state = 'idle'
    this.deadline = this.#traffic.ticker.now + this.#timeouts.idleMs
  }

  /** Bytes that arrived and are not read yet. */
  protected takeStash(): Buffer | undefined {
    const stash = this.#stash
    this.#stash = undefined
    return stash
  }

  protected get exchange(): Exchange | undefined {
    return this.#exchange
  }

  /** An exchange is under way. */
  get isBusy(): boolean {
    return this.#state === 'busy'
  }

  /** Somebody else reads and answers. */
  protected get isAway(): boolean {
    return this.#state === 'away'
  }

  /** Its last answer has been sent; it ends when the client has, or in a moment. */
  protected get isLingering(): boolean {
    return this.#state === 'linger'
  }

  /** Its last answer has been sent, or broken off. */
  get isClosing(): boolean {
    return this.#state === 'linger' || this.#state === 'closed'
  }

  /** Between requests, and nothing of the next one has come. */
  get isIdle(): boolean {
    return this.#state === 'idle' && this.#stash === undefined
  }

  #more(bytes: Buffer, length: number): void {
    const stash = this.#stash
    if (stash === undefined) return this.#consume(bytes, length, false)
    this.#stash = undefined
    const whole = Buffer.concat([stash, bytes.subarray(0, length)])
    const worthParsing =
      this.#parses < parsesMax ||
      whole.length > httpLimits.headBytesMax ||
      whole.indexOf('\r\n\r\n', Math.max(0, stash.length - 3), 'latin1') >= 0
    if (worthParsing) this.#consume(whole, whole.length, true)
    else this.#stash = whole
  }

  /**
   * Reads requests from bytes[0..end) as long as the connection is free for one.
   * @param isOurs nobody else writes to `bytes`, so what is left over may stay in it.
   */
  #consume(bytes: Buffer, end: number, isOurs: boolean): void {
    this.#consuming = true
    let at = 0
    while (at < end && (this.#state === 'idle' || this.#state === 'head')) {
      this.#exchange ??= this.#traffic.exchanges.lease(this, this.#traffic)
      const exchange = this.#exchange
      const bodyFrom = exchange.head.parse(bytes, at, end)
      if (bodyFrom === INCOMPLETE) {
        this.#awaitHead()
        break
      }
      this.#parses = 0
      this.#state = 'busy'
      this.deadline = Number.POSITIVE_INFINITY
      if (bodyFrom < 0) {
        this.unreadable(problemOf(bodyFrom), bytes, at, end)
        break
      }
      at = this.begin(exchange, bytes, at, bodyFrom, end)
    }
    this.#consuming = false
    const isOver = this.#isOver
    if (at < end && !isOver) {
      const rest = bytes.subarray(at, end)
      this.#stash = isOurs ? rest : Buffer.from(rest)
    }
    if (this.#state === 'busy') return
    this.uncork()
    if (this.#peerEnded && !isOver) this.connection.end()
  }

  /** No further request is read here. */
  get #isOver(): boolean {
    return this.#state === 'linger' || this.#state === 'away' || this.#state === 'closed'
  }

  #awaitHead(): void {
    this.#parses++
    if (this.#state === 'head') return
    this.#state = 'head'
    this.deadline = this.#traffic.ticker.now + this.#timeouts.headMs
  }

  /** Bytes for later: the next requests of a client that does not wait for answers. */
  #keepFor(bytes: Buffer, from: number, end: number): void {
    if (this.#state === 'linger' || this.#state === 'closed') return
    const more = bytes.subarray(from, end)
    this.#stash = this.#stash === undefined ? Buffer.from(more) : Buffer.concat([this.#stash, more])
    if (this.#stash.length > httpLimits.pipelinedBytesMax) this.connection.pause()
  }

  protected refuseHead(refusal: Refusal): void {
    countRefusal(this.#traffic.counters, refusal.status)
    this.write(refusalBytes(refusal, true, false))
    this.#linger()
  }

  /**
   * Sends; false when the client is slower. While the client's next request is at hand, the answer waits a
   * moment for that one's: a write for each costs more than all else that is done for a small answer.
   */
  write(bytes: Uint8Array): boolean {
    if (this.#stash !== undefined || this.#held !== undefined) return this.#hold(bytes)
    return this.#send(bytes)
  }

  #hold(bytes: Uint8Array): boolean {
    if (bytes.length > heldBytesMax) {
      this.uncork()
      return this.#send(bytes)
    }
    if (this.#held === undefined) {
      this.#held = this.#traffic.buffers.leaseOut()
      this.#traffic.corks.add(this)
    }
    this.#held.raw(bytes)
    return this.#held.length < heldBytesMax || this.uncork()
  }

  /** Sends what waits. @returns false when the client is slower. */
  uncork(): boolean {
    const held = this.#held
    if (held === undefined) return true
    this.#held = undefined
    this.#traffic.corks.delete(this)
    const sent = this.#send(held.content)
    if (sent) this.#traffic.buffers.releaseOut(held)
    return sent
  }

  #send(bytes: Uint8Array): boolean {
    if (this.connection.write(bytes)) return true
    this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.sendMs
    return false
  }

  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void {
    this.write(refusalBytes(refusal, closes, toHead))
    this.exchangeOver(closes)
  }

  /** A piece of the request's body has arrived, or is awaited. */
  bodyProgress(): void {
    this.deadline =
      this.#exchange?.requestBody.done !== false
        ? Number.POSITIVE_INFINITY
        : this.#traffic.ticker.now + this.#timeouts.bodyMs
  }

  /** The node is the slow one: its own deadline counts, not the client's. */
  pauseBody(): void {
    this.connection.pause()
    this.deadline = Number.POSITIVE_INFINITY
  }

  /** The node takes more of the request's body. */
  resumeBody(): void {
    this.connection.resume()
    this.bodyProgress()
  }

  /** The exchange has settled; the answer is complete, if not yet sent to the last byte. */
  exchangeOver(closes: boolean): void {
    if (this.#state !== 'busy') return
    const isLast = this.#exchange?.head.keepAlive === false && this.#exchange.requestBody.done
    this.giveExchange()
    if (closes || this.#traffic.draining) {
      return isLast && this.#stash === undefined ? this.#finish() : this.#linger()
    }
    this.#state = 'idle'
    if (this.#stash === undefined) this.uncork()
    this.deadline = this.#traffic.ticker.now + this.#timeouts.idleMs
    // The next request waits until this answer has left, so that a client cannot make us hold many.
    if (this.connection.pending > 0) {
      this.connection.pause()
      this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.sendMs
      return
    }
    this.connection.resume()
    this.#next()
  }

  protected giveExchange(): void {
    if (this.#exchange !== undefined) this.#traffic.exchanges.release(this.#exchange)
    this.#exchange = undefined
  }

  #next(): void {
    const stash = this.#stash
    if (stash === undefined || this.#consuming) {
      if (this.#peerEnded && !this.#consuming) this.connection.end()
      return
    }
    this.#stash = undefined
    this.#consume(stash, stash.length, true)
  }

  /** The client has asked for the end of the connection, so it sends nothing that there would be to wait for. */
  #finish(): void {
    if (!this.uncork() || this.connection.pending > 0) return this.#linger()
    this.#state = 'closed'
    this.connection.close()
  }

  #linger(): void {
    this.uncork()
    this.#state = 'linger'
    this.giveExchange()
    this.#stash = undefined
    const { ticker, settings } = this.#traffic
    const { sendMs, lingerMs } = settings.timeouts
    this.deadline = ticker.now + (this.connection.pending > 0 ? sendMs : lingerMs)
    this.connection.end()
    this.connection.resume()
  }

  /** The answer is broken off where the client can see it. @param byReset an end would look like the end of the answer. */
  cut(byReset: boolean): void {
    this.uncork()
    this.#state = 'closed'
    this.giveExchange()
    if (byReset) this.connection.reset()
    else this.connection.destroy()
  }

  /** Both connections become one; the exchange lasts as long. */
  becomeTunnel(node: Connection): void {
    this.uncork()
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.deadline = Number.POSITIVE_INFINITY
    this.#state = 'closed'
    this.#tunnel = new Tunnel(this.connection, node, this.#traffic, () => {
      exchange.tunnelClosed()
      this.gone()
    })
    if (this.#stash !== undefined) this.#tunnel.fromClient(this.#stash)
    this.#stash = undefined
  }

  drained(): void {
    switch (this.#state) {
      case 'busy':
        this.bodyProgress()
        return this.#exchange?.clientDrained()
      case 'idle':
        this.deadline = this.#traffic.ticker.now + this.#timeouts.idleMs
        this.connection.resume()
        return this.#next()
      case 'linger':
        this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.lingerMs
    }
  }

  ended(): void {
    this.#peerEnded = true
    switch (this.#state) {
      case 'busy':
        // A client that has said all may still want the answer; one that breaks off inside its request does not.
        if (this.#exchange?.requestBody.done !== false) return
        this.#exchange.abandon('CLIENT_CLOSED')
        return this.cut(false)
      case 'idle':
      case 'head':
        if (this.connection.pending === 0) this.connection.end()
        return
      case 'linger':
        this.connection.end()
    }
  }

  closed(): void {
    if (this.#state === 'busy') this.#exchange?.abandon('CLIENT_CLOSED')
    this.gone()
  }

  /** Nothing more is to be done for it. */
  protected gone(): void {
    this.#traffic.corks.delete(this)
    this.#held = undefined
    this.#state = 'closed'
    this.giveExchange()
    this.#traffic.ticker.delete(this)
    this.#stash = undefined
    this.#onClosed(this)
  }

  failed(error: unknown): void {
    this.#traffic.fault(error)
  }

  expired(): void {
    switch (this.#state) {
      case 'head':
        return this.headLate()
      case 'busy': {
        const exchange = this.#exchange
        if (exchange === undefined || exchange.answered || exchange.requestBody.done) {
          return this.connection.destroy()
        }
        exchange.abandon('CLIENT_TIMEOUT')
        countRefusal(this.#traffic.counters, clientSlow.status)
        this.write(refusalBytes(clientSlow, true, exchange.head.isHead))
        return this.#linger()
      }
      default:
        this.connection.destroy()
    }
  }

  /** No further request: at once when idle, else after the present one. */
  drain(): void {
    if (this.#state === 'idle' && this.connection.pending === 0) this.connection.close()
  }

  destroy(): void {
    if (this.#tunnel === undefined) this.connection.destroy()
    else this.#tunnel.destroy()
  }
}
