// Stage 1: one client's connection. Bytes become requests, one exchange follows the other, and answers leave in the
// order of the requests. The states and the steps between them: client-states.ts.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { hostText } from '../../base/host-port.ts'
import { heldLimits, httpLimits } from '../../base/limits.ts'
import { countRefusal } from '../../cluster/traffic-counts.ts'
import { plainAddress } from '../../net/address.ts'
import type { ClientOrigin } from '../../net/client-origin.ts'
import { Connection, type Receiver } from '../../net/connection.ts'
import { SecureConnection } from '../../net/secure-connection.ts'
import type { Timed } from '../../net/ticker.ts'
import type { ForwardedLines } from '../../wire/forwarded.ts'
import { INCOMPLETE, problemOf } from '../../wire/http/problem.ts'
import { beginsPreface, preface } from '../../wire/http2/frames.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeClient } from '../exchange-client.ts'
import type { LeasedConnection } from '../node/node-context.ts'
import type { ClientTls } from '../node/request-source.ts'
import { clientSlow, clientUnknown, type Refusal, refusalBytes } from '../refusal.ts'
import { ownLines } from '../shared/hsts.ts'
import type { HttpsRedirect } from '../shared/https-redirect.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { BodyPace, type PaceLimits } from './body-pace.ts'
import { type ClientIdentity, identify } from './client-identity.ts'
import type { ClientRules } from './client-rules.ts'
import { type ClientState, checkStep, checksSteps } from './client-states.ts'
import { HeldAnswers } from './held-answers.ts'
import { Http2Connection } from './http2-connection.ts'
import { logUnread } from './log-unread.ts'
import { Tunnel } from './tunnel.ts'
import { UnreadBytes } from './unread-bytes.ts'

const never = Number.POSITIVE_INFINITY

export class ClientConnection implements ExchangeClient, Receiver, Timed {
  readonly framed: undefined
  readonly connection: Connection
  readonly address: string
  readonly trusted: boolean
  readonly forwarded: ForwardedLines
  readonly tls: ClientTls | undefined
  bound: Set<LeasedConnection> | undefined
  deadline: number
  readonly #traffic: Traffic
  readonly #rules: ClientRules
  readonly #onClosed: (connection: ClientConnection) => void
  readonly #origin: ClientOrigin | undefined
  #state: ClientState = 'idle'
  /** While a request is being read or under way. */
  #exchange: Exchange | undefined
  readonly #unread: UnreadBytes
  /** Made for the first body, and to linger. */
  #pace: BodyPace | undefined
  /** Where a request's body is read. */
  #bodyBuffer: Buffer | undefined
  /** It is one of `Traffic.arriving`. */
  #isArriving = false
  #remoteEnded = false
  /** `#consume` is running, and reads the next request itself. */
  #isConsuming = false
  #tunnel: Tunnel | undefined
  #http2: Http2Connection | undefined
  /** No request has arrived yet. */
  #isNew = true
  /** Made when the client sends several requests at once. */
  #held: HeldAnswers | undefined

  /**
   * @param onClosed called once: the connection is closed, or has been released.
   * @param identity default: as the socket shows.
   */
  constructor(
    accepted: Socket,
    traffic: Traffic,
    rules: ClientRules,
    onClosed: (connection: ClientConnection) => void,
    identity: ClientIdentity = identify(accepted, traffic),
  ) {
    this.#traffic = traffic
    this.#rules = rules
    this.#onClosed = onClosed
    this.#unread = new UnreadBytes(traffic.settings.headLimits)
    this.address = identity.address
    this.trusted = identity.trusted
    this.tls = identity.tls
    this.forwarded = identity.forwarded
    this.#origin = identity.origin
    this.deadline = traffic.ticker.now + rules.timeouts.headMs
    traffic.counters.connections++
    traffic.ticker.add(this)
    this.#arrives()
    this.connection =
      accepted instanceof TLSSocket
        ? SecureConnection.acceptSecure(accepted, this)
        : Connection.accept(accepted, this)
    const isChosen = accepted instanceof TLSSocket && accepted.alpnProtocol === 'h2'
    if (isChosen && rules.acceptsHttp2) this.#becomeHttp2()
  }

  get listener(): number {
    return this.#rules.listener
  }

  get httpsRedirect(): HttpsRedirect | undefined {
    return this.#rules.httpsRedirect
  }

  get state(): ClientState {
    return this.#state
  }

  get isLast(): boolean {
    return this.#traffic.draining || this.#rules.closes
  }

  /** Between requests, and nothing of the next one has arrived. */
  get isIdle(): boolean {
    return this.#state === 'idle' && this.#unread.isEmpty
  }

  /** Kept open after a request that was a while ago: closing it loses nothing. */
  get isDormant(): boolean {
    if (this.#http2 !== undefined) return this.#http2.isDormant
    if (!this.isIdle || this.#isArriving || this.connection.pending > 0) return false
    const idleSince = this.deadline - this.#rules.timeouts.idleMs
    return this.#traffic.ticker.now - idleSince >= heldLimits.stalledMs
  }

  get exchange(): Exchange | undefined {
    return this.#exchange
  }

  /** Address and port that the client connected to. */
  get localAuthority(): string {
    if (this.#origin !== undefined) return this.#origin.localAuthority
    const { localAddress = '', localPort = 0 } = this.connection.socket
    return `${hostText(plainAddress(localAddress))}:${localPort}`
  }

  get port(): number | undefined {
    if (this.#origin !== undefined) return this.#origin.port
    return this.connection.socket.remotePort
  }

  get pending(): number {
    return this.connection.pending
  }

  #enter(state: ClientState): void {
    if (checksSteps) checkStep(this.#state, state)
    this.#state = state
  }

  // What the owner does.

  /** The client has not shown a valid certificate: its first request is refused, and nothing else is read. */
  bar(): void {
    if (this.#state === 'http2') this.#http2?.bar()
    else this.#enter('barred')
  }

  /**
   * Over HTTP/2, refuses requests for names that have another certificate [RFC 9110 15.5.20]: a client may send them on a
   * connection that was made for another name.
   */
  limitNames(isElsewhere: (name: string) => boolean): void {
    this.#http2?.limitNames(isElsewhere)
  }

  /** From now on another reader parses and answers requests; bytes go to `ClientRules.receivedAway`. */
  goAway(): void {
    this.#held?.uncork()
    this.#releaseExchange()
    this.#arrived()
    this.#enter('away')
    this.deadline = never
  }

  /** The other reader has answered, and bytes[0..length) begin the next request. */
  comeBack(bytes: Buffer, length: number): void {
    this.#enter('idle')
    this.deadline = this.#traffic.ticker.now + this.#rules.timeouts.idleMs
    this.received(bytes, length)
  }

  /** In the state `away`: the connection is the other reader's for good. */
  release(): void {
    this.connection.release()
    this.#close()
  }

  /** Bytes that have not been parsed yet; they are forgotten here. */
  releaseUnread(): Buffer | undefined {
    return this.#unread.release()
  }

  /** Ends the connection at once when it is idle. */
  drain(): void {
    if (this.#http2 !== undefined) return this.#http2.drain()
    if (this.#state !== 'idle' || this.connection.pending > 0) return
    this.#enter('finishing')
    this.connection.close()
  }

  /** Lets the client go on elsewhere with its next request; with HTTP/1 by `ClientRules.closes`. */
  drainGently(): void {
    this.#http2?.drainGently()
  }

  destroy(): void {
    if (this.#http2 !== undefined) return this.#http2.destroy()
    if (this.#tunnel !== undefined) return this.#tunnel.destroy()
    if (this.#state !== 'busy') return this.connection.destroy()
    this.#exchange?.abandon('PROXY_CLOSED')
    this.cut(false)
  }

  // What the client does.

  nextBuffer(): Buffer {
    const { buffers } = this.#traffic
    const exchange = this.#exchange
    if (this.#state === 'busy' && exchange?.requestBody.done === false && !exchange.isHeld) {
      this.#bodyBuffer ??= buffers.leaseRead()
      return this.#bodyBuffer
    }
    if (this.#bodyBuffer !== undefined) {
      // While the node's connection still sends from it, it is left to that.
      if ((exchange?.requestPending ?? 0) === 0) buffers.releaseRead(this.#bodyBuffer)
      this.#bodyBuffer = undefined
    }
    return buffers.shared
  }

  received(bytes: Buffer, length: number): void {
    switch (this.#state) {
      case 'idle':
      case 'head':
        return this.#receivedHead(bytes, length)
      case 'busy':
        return this.#receivedBody(bytes, length)
      case 'lingering':
        return this.#discarded(length)
      case 'barred':
        return this.#refuseUnread(clientUnknown, bytes, 0, length)
      case 'away':
        return this.#rules.receivedAway(bytes, length)
    }
  }

  #receivedHead(bytes: Buffer, length: number): void {
    if (this.#unread.isEmpty) return this.#consume(bytes, length, false)
    const whole = this.#unread.join(bytes.subarray(0, length))
    if (whole !== undefined) this.#consume(whole, whole.length, true)
  }

  #receivedBody(bytes: Buffer, length: number): void {
    const exchange = this.#exchange
    if (exchange?.requestBody.done !== false) return this.#keep(bytes, 0, length)
    // The first piece after a pipelined head is in the buffer that all connections share; it may have to wait for its node.
    const isShared = bytes === this.#traffic.buffers.shared && !exchange.isHeld
    const own = isShared ? Buffer.from(bytes.subarray(0, length)) : bytes
    this.#pace?.received(this.#traffic.ticker.now, length)
    const behind = exchange.clientSent(own, length)
    this.#rules.bodySent(exchange, own, behind)
    if (this.#isArriving && this.#state === 'busy') this.#bodyArrived(length)
    if (behind < length) this.#keep(own, behind, length)
  }

  /**
   * Reads requests from bytes[0..end) as long as the connection is free for one.
   * @param isOurs no other code writes to `bytes`, so the rest may stay in it.
   */
  #consume(bytes: Buffer, end: number, isOurs: boolean): void {
    this.#isConsuming = true
    let at = 0
    while (at < end && (this.#state === 'idle' || this.#state === 'head')) {
      this.#exchange ??= this.#traffic.exchanges.lease(this, this.#traffic)
      const exchange = this.#exchange
      const bodyFrom = exchange.head.parse(bytes, at, end)
      if (bodyFrom < 0 && this.#isPreface(bytes, at, end)) {
        if (end - at >= preface.length) return this.#becomeHttp2().received(bytes, end)
        this.#awaitHead()
        break
      }
      this.#unread.parsed(bodyFrom !== INCOMPLETE)
      if (bodyFrom === INCOMPLETE) {
        this.#awaitHead()
        break
      }
      this.#isNew = false
      this.#enter('busy')
      this.deadline = never
      if (bodyFrom < 0) {
        if (!this.#rules.acceptInvalid(bytes, at, end)) {
          this.#refuseUnread(problemOf(bodyFrom), bytes, at, end)
        }
        break
      }
      if (exchange.head.hasBody) this.#beginPace(this.#rules.bodyPace)
      at = this.#rules.accept(exchange, bytes, at, bodyFrom, end)
      this.#noteArrival()
    }
    this.#isConsuming = false
    const readsOn = this.#readsOn
    if (at < end && readsOn) this.#unread.keep(bytes.subarray(at, end), isOurs)
    if (this.#state === 'busy') return
    this.#held?.uncork()
    if (readsOn) this.#endAfterRemote()
  }

  /** Whether the first bytes of the client, bytes[at..end), begin HTTP/2 in the clear [RFC 9113 3.3]. */
  #isPreface(bytes: Buffer, at: number, end: number): boolean {
    if (!this.#isNew || at > 0 || !this.#rules.acceptsHttp2 || this.tls !== undefined) return false
    return beginsPreface(bytes, end)
  }

  #becomeHttp2(): Http2Connection {
    this.#isConsuming = false
    this.#enter('http2')
    this.deadline = never
    this.#arrived()
    this.#releaseExchange()
    const { connection } = this
    const identity = identify(connection.socket, this.#traffic, this.#origin, true)
    this.#http2 = new Http2Connection(connection, identity, this.#traffic, this.#rules, () =>
      this.#close(),
    )
    return this.#http2
  }

  /** A head has arrived, and maybe the whole request. */
  #noteArrival(): void {
    if (this.#state === 'busy' && this.#exchange?.requestBody.done === false) this.#arrives()
    else if (this.#isArriving && this.#state !== 'lingering') this.#arrived()
  }

  #bodyArrived(length: number): void {
    if (this.#exchange?.requestBody.done !== false) this.#arrived()
    else if (length >= heldLimits.progressBytes) this.#arrives()
  }

  #arrives(): void {
    this.#isArriving = true
    this.#traffic.arriving.hold(this.address, this, this.#traffic.ticker.now)
  }

  #arrived(): void {
    this.#isArriving = false
    this.#traffic.arriving.release(this)
  }

  /** Further requests may follow. */
  get #readsOn(): boolean {
    return this.#state === 'idle' || this.#state === 'head' || this.#state === 'busy'
  }

  #awaitHead(): void {
    if (this.#state === 'head') return
    this.#enter('head')
    if (!this.#isArriving) this.#arrives()
    this.deadline = this.#traffic.ticker.now + this.#rules.timeouts.headMs
  }

  /** Bytes for later: the next requests of a client that does not wait for answers. */
  #keep(bytes: Buffer, from: number, end: number): void {
    if (!this.#readsOn) return
    this.#unread.add(bytes.subarray(from, end))
    if (this.#unread.length > httpLimits.pipelinedBytesMax) this.#pause()
  }

  drained(): void {
    switch (this.#state) {
      case 'busy':
        if (this.#remoteEnded && this.#leaveAfterEnd()) return
        this.bodyProgress()
        return this.#exchange?.clientDrained()
      case 'idle':
        this.deadline = this.#traffic.ticker.now + this.#rules.timeouts.idleMs
        this.#resume()
        return this.#next()
      case 'lingering':
        return this.#beginLinger()
    }
  }

  ended(): void {
    this.#remoteEnded = true
    switch (this.#state) {
      case 'busy':
        this.#leaveAfterEnd()
        return
      case 'idle':
      case 'head':
        if (this.connection.pending === 0) this.#endAfterRemote()
        return
      case 'lingering':
        this.connection.end()
    }
  }

  /**
   * The client has ended its side while its request is under way. After a whole request it may still read what was sent,
   * and with `allowsHalfOpen` it waits for the rest.
   * @returns whether the exchange is over.
   */
  #leaveAfterEnd(): boolean {
    const exchange = this.#exchange
    if (exchange?.requestBody.done === true) {
      if (this.#rules.allowsHalfOpen) return false
      this.#held?.uncork()
      if (this.connection.pending > 0) return false
    }
    exchange?.abandon('CLIENT_CLOSED')
    // For HTTP/1.0 an end may look like the end of the answer.
    this.cut(exchange?.head.minor === 0)
    return true
  }

  #endAfterRemote(): void {
    if (!this.#remoteEnded) return
    this.#enter('finishing')
    this.connection.end()
  }

  closed(): void {
    if (this.#state === 'busy') this.#exchange?.abandon('CLIENT_CLOSED')
    this.#close()
  }

  #close(): void {
    for (const connection of this.bound ?? []) connection.close()
    this.#held?.drop()
    this.#arrived()
    this.#enter('closed')
    this.#releaseExchange()
    this.#traffic.ticker.delete(this)
    this.#traffic.paused.delete(this.connection.socket)
    this.#unread.release()
    this.#onClosed(this)
  }

  failed(error: unknown): void {
    this.#traffic.fault(error)
  }

  expired(): void {
    switch (this.#state) {
      case 'head':
        if (!this.#rules.acceptLate()) this.#refuseLate()
        return
      case 'busy': {
        const exchange = this.#exchange
        if (exchange === undefined || exchange.answered || exchange.requestBody.done) {
          return this.connection.destroy()
        }
        return this.#endWith(exchange.abandonWith(clientSlow), exchange.head.isHead)
      }
      default:
        this.connection.destroy()
    }
  }

  // What the exchange does.

  /**
   * Sends bytes of the answer; false when the client is slower. While the client's next request is at hand, the answer
   * is held back for a moment.
   */
  answerData(bytes: Uint8Array): boolean {
    if (this.#unread.isEmpty && this.#held?.isEmpty !== false) return this.#send(bytes)
    this.#held ??= new HeldAnswers(this.#traffic, (held) => this.#send(held))
    return this.#held.add(bytes)
  }

  #send(bytes: Uint8Array): boolean {
    if (this.connection.write(bytes)) return true
    this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.sendMs
    return false
  }

  refuse(refusal: Refusal, closes: boolean, toHead: boolean): void {
    const exchange = this.#exchange
    if (exchange !== undefined && this.#rules.acceptRefused(exchange, refusal)) return
    this.#traffic.refusalLog.write(refusal, this.address)
    this.answerData(refusalBytes(refusal, closes, toHead, ownLines(this.#traffic, this.tls)))
    this.exchangeOver(closes)
  }

  /** A piece of the request's body has arrived, or is awaited. */
  bodyProgress(): void {
    const isAwaited = this.#exchange?.requestBody.done === false
    this.deadline = isAwaited && this.#pace !== undefined ? this.#pace.deadline : never
  }

  /** The node is slower than the client: its deadline counts, not the client's. */
  pauseBody(): void {
    this.#pause()
    this.#pace?.stop(this.#traffic.ticker.now)
    this.deadline = never
  }

  resumeBody(): void {
    this.#resume()
    this.#pace?.resume(this.#traffic.ticker.now)
    this.bodyProgress()
  }

  #pause(): void {
    this.connection.pause()
    this.#traffic.paused.add(this.connection.socket)
  }

  #resume(): void {
    this.#traffic.paused.delete(this.connection.socket)
    this.connection.resume()
  }

  exchangeOver(closes: boolean): void {
    if (this.#state !== 'busy') return
    const isLast = this.#exchange?.head.keepAlive === false && this.#exchange.requestBody.done
    this.#releaseExchange()
    if (closes || this.#traffic.ending) {
      return isLast && this.#unread.isEmpty ? this.#finish() : this.#linger()
    }
    this.#enter('idle')
    this.#rules.becameIdle()
    if (this.state !== 'idle') return
    if (this.#unread.isEmpty) this.#held?.uncork()
    const { ticker, settings } = this.#traffic
    this.deadline = ticker.now + this.#rules.timeouts.idleMs
    // The next request waits until this answer has been sent, so that a client cannot make us hold many.
    if (this.connection.pending > 0) {
      this.#pause()
      this.deadline = ticker.now + settings.timeouts.sendMs
      return
    }
    this.#resume()
    this.#next()
  }

  #next(): void {
    if (this.#isConsuming) return
    const unread = this.#unread.release()
    const isGone = this.#remoteEnded && !this.#rules.allowsHalfOpen
    if (unread === undefined || isGone) this.#endAfterRemote()
    else this.#consume(unread, unread.length, true)
  }

  cut(byReset: boolean): void {
    this.#held?.uncork()
    this.#enter('finishing')
    this.#releaseExchange()
    if (byReset) this.connection.reset()
    else this.connection.destroy()
  }

  becomeTunnel(node: TunnelSide): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#rules.upgrading()
    this.#held?.uncork()
    this.#arrived()
    this.deadline = never
    this.#enter('tunnel')
    this.#bodyBuffer = undefined
    const closed = (toNode: number, toClient: number): void => {
      exchange.tunnelClosed(toNode, toClient)
      this.#close()
    }
    this.#tunnel = new Tunnel(this.connection, node, exchange, this.#traffic, closed)
    const unread = this.releaseUnread()
    if (unread !== undefined) this.#tunnel.fromClient(unread)
  }

  #releaseExchange(): void {
    if (this.#exchange !== undefined) this.#traffic.exchanges.release(this.#exchange)
    this.#exchange = undefined
  }

  // The end of the connection.

  #refuseLate(): void {
    const unread = this.#unread.release() ?? nothing
    this.#refuseUnread(clientSlow, unread, 0, unread.length)
  }

  /** Refuses a request of which bytes[at..end) is no complete and valid head. */
  #refuseUnread(refusal: Refusal, bytes: Buffer, at: number, end: number): void {
    logUnread(this.#traffic, this, refusal, bytes, at, end)
    countRefusal(this.#traffic.counters, refusal)
    this.#endWith(refusal)
  }

  /** The last answer, by the proxy itself. @param toHead the request's method is HEAD. */
  #endWith(refusal: Refusal, toHead: boolean = false): void {
    this.#traffic.refusalLog.write(refusal, this.address)
    this.answerData(refusalBytes(refusal, true, toHead, ownLines(this.#traffic, this.tls)))
    this.#linger()
  }

  /** The client has asked for the end of the connection, so nothing more can arrive. */
  #finish(): void {
    if (this.#held?.uncork() === false || this.connection.pending > 0) return this.#linger()
    this.#enter('finishing')
    this.connection.close()
  }

  #linger(): void {
    this.#held?.uncork()
    this.#enter('lingering')
    this.#releaseExchange()
    this.#unread.release()
    this.#arrives()
    const { ticker, settings } = this.#traffic
    if (this.connection.pending === 0) this.#beginLinger()
    else this.deadline = ticker.now + settings.timeouts.sendMs
    this.connection.end()
    this.#resume()
  }

  #beginLinger(): void {
    const { timeouts, bodyMinRate } = this.#traffic.settings
    const { lingerMs } = timeouts
    const wholeMs = Math.max(lingerMs, httpLimits.lingerMsMax)
    this.deadline = this.#beginPace({ pauseMs: lingerMs, minRate: bodyMinRate, wholeMs })
  }

  /** bytes of a request that gets no other answer have arrived while lingering. */
  #discarded(length: number): void {
    const pace = this.#pace
    // Until the answer has been sent, the deadline is that of a client that reads nothing.
    if (pace === undefined || this.connection.pending > 0) return
    pace.received(this.#traffic.ticker.now, length)
    this.deadline = pace.deadline
  }

  /** @returns the deadline for the first piece. */
  #beginPace(limits: PaceLimits): number {
    this.#pace ??= new BodyPace()
    this.#pace.begin(this.#traffic.ticker.now, limits)
    return this.#pace.deadline
  }
}

const nothing = Buffer.alloc(0)
