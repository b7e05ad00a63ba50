// One request over HTTP/2 with its answer, as an exchange sees it: frames become the bytes of an HTTP/1.1 request, and the
// answer becomes frames. Made by http2-connection.ts.

import { http2Limits } from '../../base/limits.ts'
import type { ForwardedLines } from '../../wire/forwarded.ts'
import type { Fields } from '../../wire/http/fields.ts'
import { Out } from '../../wire/http/out.ts'
import type { OutgoingResponse } from '../../wire/http/outgoing-response.ts'
import { problemOf } from '../../wire/http/problem.ts'
import { ResponseHead } from '../../wire/http/response-head.ts'
import { writeAnswerBlock, writeTrailerBlock } from '../../wire/http2/answer-block.ts'
import { CANCEL, INTERNAL_ERROR, NO_ERROR } from '../../wire/http2/codes.ts'
import { writeReset, writeWindowUpdate } from '../../wire/http2/frames.ts'
import { DEADLINE_EXCEEDED, grpcStatusOf, writeGrpcFailure } from '../../wire/http2/grpc.ts'
import { type Priority, parsePriority } from '../../wire/http2/priority.ts'
import type { RequestText } from '../../wire/http2/request-text.ts'
import type { Exchange } from '../exchange.ts'
import type { ExchangeClient, FramedClient } from '../exchange-client.ts'
import type { LeasedConnection } from '../node/node-context.ts'
import type { ClientTls } from '../node/request-source.ts'
import { clientSlow, type Refusal, refusalBytes } from '../refusal.ts'
import { ownLines } from '../shared/hsts.ts'
import type { Http2Output, Sender } from '../shared/http2-output.ts'
import type { HttpsRedirect } from '../shared/https-redirect.ts'
import { StreamTunnel } from '../shared/stream-tunnel.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type { Traffic } from '../traffic/traffic.ts'
import { BodyPace, type PaceLimits } from './body-pace.ts'
import { StreamBody } from './stream-body.ts'
import { Tunnel } from './tunnel.ts'

const never = Number.POSITIVE_INFINITY

/** Bytes of a request up to which its body goes on in the same write as its head. */
const firstBytesMax = 16_384

/** How long the rest of a request is read and dropped when its answer is complete, ms. */
const lingerMs = 500

/** The connection of a stream. */
export interface StreamOwner {
  readonly address: string
  readonly port: number | undefined
  readonly localAuthority: string
  readonly tls: ClientTls | undefined
  readonly trusted: boolean
  readonly forwarded: ForwardedLines
  readonly httpsRedirect: HttpsRedirect | undefined
  readonly traffic: Traffic
  readonly output: Http2Output
  readonly bodyPace: PaceLimits
  readonly listener: number
  /** A request is refused whose head is not one of HTTP/1.1, which no exchange has logged. */
  refused(stream: Http2Stream, refusal: Refusal, head: Buffer): void
  /** Bytes of a request have been passed on or dropped: the client may send as many again. */
  passed(bytes: number): void
  /** A node has not taken all of the bytes that were read last: their buffer is left to it. */
  lendBuffer(): void
  /** The stream is closed. @param wasReset this side has reset it, so frames of it may still arrive. */
  streamOver(stream: Http2Stream, wasReset: boolean): void
  /** The client has left before the turn of its request, or has broken the protocol. */
  leftUnbegun(stream: Http2Stream): void
}

/** A request whose head has arrived: facts of the one that `RequestText` has written last. */
export type StreamRequest = Pick<
  RequestText,
  'out' | 'contentLength' | 'isTunnel' | 'priority' | 'isGrpc' | 'timeoutMs' | 'acceptsTrailers'
>

/** Bytes of an answer that have not been sent. */
interface Held {
  bytes: Buffer
  readonly isLeased: boolean
  from: number
  to: number
  isLast: boolean
  trailers: Out | undefined
}

export class Http2Stream implements ExchangeClient, FramedClient, Sender {
  readonly protocol = 'HTTP/2.0'
  /** GOAWAY ends connections of HTTP/2. */
  readonly isLast = false
  readonly id: number
  priority: Priority
  sendWindow: number
  bound: Set<LeasedConnection> | undefined
  /** How long the request waits for its turn, ticker time. */
  queuedUntil = 0
  /** The access log has the request, or is not to have it. */
  isNoted = false
  readonly #owner: StreamOwner
  readonly isGrpc: boolean
  readonly acceptsTrailers: boolean
  readonly #isTunnel: boolean
  readonly #body: StreamBody
  /** The head of the request is head[headFrom..headTo) until it begins. */
  #head: Buffer
  #headFrom: number
  #headTo: number
  #exchange: Exchange | undefined
  #isOver = false
  #hasBegun = false
  /** The end of the answer has been sent. */
  #hasEnded = false
  #isPaused = true
  #isScheduled = false
  #pace: BodyPace | undefined
  #bodyDeadline = never
  /** By when a call of gRPC must have ended. */
  readonly #callBy: number
  /** The answer is complete, and the request is not: the stream is reset then. */
  #resetBy = never
  #held: Held | undefined
  /** When bytes of the answer were sent last, or began to be held; ticker time. */
  #movedAt = 0
  #tunnel: StreamTunnel | undefined

  /**
   * @param hasBody DATA follows.
   * @param headFrom the head is request.out[headFrom..length).
   */
  constructor(
    id: number,
    owner: StreamOwner,
    sendWindow: number,
    request: StreamRequest,
    hasBody: boolean,
    headFrom: number,
  ) {
    this.id = id
    this.#owner = owner
    this.sendWindow = sendWindow
    this.priority = parsePriority(request.priority)
    this.#isTunnel = request.isTunnel
    this.isGrpc = request.isGrpc
    this.#callBy = request.isGrpc ? owner.traffic.ticker.now + request.timeoutMs : never
    this.acceptsTrailers = request.acceptsTrailers
    this.#body = hasBody
      ? new StreamBody(request.contentLength, false, request.isTunnel)
      : StreamBody.none
    this.#head = request.out.bytes
    this.#headFrom = headFrom
    this.#headTo = request.out.length
  }

  get httpsRedirect(): HttpsRedirect | undefined {
    return this.#owner.httpsRedirect
  }
  get framed(): this {
    return this
  }
  get address(): string {
    return this.#owner.address
  }
  get port(): number | undefined {
    return this.#owner.port
  }
  get localAuthority(): string {
    return this.#owner.localAuthority
  }
  get tls(): ClientTls | undefined {
    return this.#owner.tls
  }
  get listener(): number {
    return this.#owner.listener
  }
  get trusted(): boolean {
    return this.#owner.trusted
  }
  get forwarded(): ForwardedLines {
    return this.#owner.forwarded
  }

  get isOver(): boolean {
    return this.#isOver
  }
  get hasBegun(): boolean {
    return this.#hasBegun
  }
  /** Pieces of the body wait to be passed on. */
  get holdsBody(): boolean {
    return this.#body.isHeld
  }
  get remoteEnded(): boolean {
    return this.#body.isEnded
  }
  /** The answer has not been sent completely. */
  get isUnanswered(): boolean {
    return !this.#hasEnded
  }
  /** Bytes of the head while the request waits for its turn. */
  get waitingBytes(): number {
    return this.#headTo - this.#headFrom
  }

  // The request.

  /** Until it begins. */
  get head(): Buffer {
    return this.#head.subarray(this.#headFrom, this.#headTo)
  }

  /** The buffer of all heads of a read is another one now. */
  rebase(heads: Buffer): void {
    this.#head = heads
  }

  /** Keeps the head, which lies in the buffer of all heads of a read. */
  keepHead(): void {
    this.#head = Buffer.from(this.#head.subarray(this.#headFrom, this.#headTo))
    this.#headTo -= this.#headFrom
    this.#headFrom = 0
  }

  /** The buffer of the present read is used again. */
  keepViews(): void {
    this.#owner.traffic.http2.receivedBytes += this.#body.keepViews()
  }

  /** Begins the exchange. */
  begin(): void {
    const { traffic, bodyPace } = this.#owner
    const exchange = traffic.exchanges.lease(this, traffic)
    this.#exchange = exchange
    this.#hasBegun = true
    // A call may be silent as long as it lasts.
    if (!this.#body.isEnded && !this.isGrpc) {
      this.#pace = new BodyPace()
      this.#pace.begin(traffic.ticker.now, bodyPace)
      this.#bodyDeadline = this.#pace.deadline
    }
    let head = this.#head
    let from = this.#headFrom
    let to = this.#headTo
    let end = to
    this.#head = nothing
    // What has arrived of the body goes on together with the head.
    if (this.#body.isHeld && !this.#isTunnel) {
      const { body } = traffic.http2
      body.clear()
      body.copy(head, from, to)
      to -= from
      from = 0
      this.#writeHeld(body)
      head = body.bytes
      end = body.length
    }
    const bodyFrom = exchange.head.parse(head, from, to)
    if (bodyFrom !== to) {
      const refusal = bodyFrom < 0 ? problemOf(bodyFrom) : invalidHead
      return this.#refuseHead(refusal, head.subarray(from, to))
    }
    if (this.#isTunnel && exchange.head.websocketVersion < 0)
      return this.#refuseHead(invalidHead, head.subarray(from, to))
    // The bytes of a tunnel follow when there is one.
    this.#isPaused = this.#isTunnel
    exchange.forward(head, bodyFrom, end, true)
    if (!this.#isPaused && this.#body.isHeld) this.#feed()
  }

  #writeHeld(out: Out): void {
    const body = this.#body
    while (out.length < firstBytesMax) {
      const next = body.shift()
      if (next === undefined) break
      body.write(next.piece, out)
      this.#passed(next.piece.length, next.isCopy)
    }
    if (body.shiftEnd()) body.writeEnd(out)
  }

  #refuseHead(refusal: Refusal, head: Buffer): void {
    this.#releaseExchange()
    this.#owner.refused(this, refusal, head)
  }

  /** The payload of a frame of DATA begins to arrive. @returns false when it exceeds the window. */
  draw(bytes: number): boolean {
    return this.#body.draw(bytes)
  }

  /** bytes[from..to) of the body have arrived. @returns false when they are more than the request has announced. */
  received(bytes: Buffer, from: number, to: number): boolean {
    const body = this.#body
    if (!body.count(to - from)) return false
    const piece = bytes.subarray(from, to)
    if (this.#isPaused || body.isHeld || body.awaitsEnd) body.hold(piece)
    else this.#pass(piece, false)
    return true
  }

  /** The client has sent all of its request. @returns false when it is less than the request has announced. */
  receivedEnd(): boolean {
    if (!this.#body.end()) return false
    if (!this.#isPaused) this.#feed()
    return true
  }

  /** @param trailers the last chunk with them. */
  setTrailers(trailers: Buffer): void {
    this.#body.setTrailers(trailers)
  }

  /** Passes on what is held, as long as the node takes it. */
  #feed(): void {
    this.#isScheduled = false
    const body = this.#body
    while (!this.#isPaused && !this.#isOver) {
      const next = body.shift()
      if (next === undefined) break
      this.#pass(next.piece, next.isCopy)
    }
    if (this.#isPaused || this.#isOver || !body.shiftEnd()) return
    if (this.#tunnel !== undefined) {
      this.#tunnel.remoteEnded()
      return this.#endIfComplete()
    }
    if (this.#exchange === undefined) return this.#endIfComplete()
    if (!body.isChunked) return
    const { body: out } = this.#owner.traffic.http2
    out.clear()
    body.writeEnd(out)
    this.#exchange.clientSent(out.bytes, out.length)
  }

  #pass(piece: Buffer, isCopy: boolean): void {
    if (this.#tunnel !== undefined) {
      this.#tunnel.receiver.received(piece, piece.length)
      return this.#passed(piece.length, isCopy)
    }
    const exchange = this.#exchange
    if (exchange === undefined) return this.#passed(piece.length, isCopy)
    const { traffic } = this.#owner
    this.#pace?.received(traffic.ticker.now, piece.length)
    if (this.#body.isChunked) {
      const { body: out } = traffic.http2
      out.clear()
      this.#body.write(piece, out)
      exchange.clientSent(out.bytes, out.length)
    } else {
      exchange.clientSent(piece, piece.length)
      const isLent = this.#exchange !== exchange || exchange.requestPending > 0
      if (!isCopy && isLent) this.#owner.lendBuffer()
    }
    this.#passed(piece.length, isCopy)
  }

  /** The client may send as many bytes again. */
  #passed(bytes: number, wasHeld: boolean): void {
    const { traffic } = this.#owner
    if (wasHeld) traffic.http2.receivedBytes -= bytes
    this.passed(bytes)
  }

  /** Bytes of the windows have been passed on, or were padding. */
  passed(bytes: number): void {
    const owner = this.#owner
    owner.passed(bytes)
    if (this.#isOver || this.#resetBy < never) return
    const increment = this.#body.passed(bytes)
    if (increment > 0) writeWindowUpdate(owner.output.frames, this.id, increment)
  }

  /** The client has reset it, or is gone. */
  abandon(): void {
    this.#tunnel?.lost()
    this.#exchange?.abandon('CLIENT_CLOSED')
    this.#over(false)
  }

  /** Resets it, because of its client. @param code of the frame. */
  reset(code: number): void {
    if (this.#isOver) return
    this.#tunnel?.lost()
    this.#exchange?.abandon('CLIENT_CLOSED')
    this.#reset(code)
  }

  displace(): void {
    this.reset(CANCEL)
  }

  /** Ends what has lasted too long. @param now ticker time. */
  check(now: number): void {
    if (now >= this.#resetBy) return this.#reset(NO_ERROR)
    if (now >= this.#bodyDeadline) return this.#refuseSlow()
    if (now >= this.#callBy) return this.#endCall()
    if (this.#held === undefined) return
    const { output, traffic } = this.#owner
    const { sendMs } = traffic.settings.timeouts
    const othersMove = this.sendWindow <= 0 && output.movedAt > this.#movedAt
    const ms = othersMove ? Math.min(http2Limits.stalledMs, sendMs) : sendMs
    if (now - this.#movedAt >= ms) this.reset(CANCEL)
  }

  #refuseSlow(): void {
    const exchange = this.#exchange
    if (exchange === undefined || exchange.answered) return this.reset(CANCEL)
    const toHead = exchange.head.isHead
    this.refuse(exchange.abandonWith(clientSlow), false, toHead)
  }

  /** The time of a call of gRPC is over. Its client has noticed, too, unless it is late. */
  #endCall(): void {
    const exchange = this.#exchange
    if (exchange === undefined || exchange.answered) return this.reset(CANCEL)
    this.refuse(exchange.abandonWith(callLate), false, false)
  }

  // What the exchange does.

  get pending(): number {
    return this.#held === undefined ? 0 : this.#held.to - this.#held.from
  }

  answerHead({ head, date, added, connection }: OutgoingResponse, isWhole: boolean): number {
    const { block } = this.#owner.traffic.http2
    block.clear()
    writeAnswerBlock(head, date, added, connection === 'upgrade', block)
    this.#owner.output.head(this.id, block, isWhole)
    if (isWhole) this.#hasEnded = true
    return block.length
  }

  answerData(bytes: Uint8Array, isLast: boolean): boolean {
    return this.answerPart(bytes as Buffer, 0, bytes.length, isLast)
  }

  answerPart(bytes: Buffer, from: number, to: number, isLast: boolean): boolean {
    if (this.#isOver || this.#hasEnded) return true
    if (this.#held !== undefined) return this.#holdMore(bytes.subarray(from, to), isLast)
    const { output } = this.#owner
    const sent = output.data(this, bytes, from, to, isLast)
    if (sent < to) return this.#hold(bytes.subarray(sent, to), isLast)
    if (isLast) {
      if (from === to) output.end(this.id)
      this.#hasEnded = true
    }
    return true
  }

  answerTrailers(fields: Fields): void {
    const { output, traffic } = this.#owner
    if (this.#isOver || this.#hasEnded) return
    if (this.#held !== undefined) {
      const trailers = new Out(1_024)
      if (writeTrailerBlock(fields, trailers)) this.#held.trailers = trailers
      else this.#held.isLast = true
      return
    }
    const { block } = traffic.http2
    block.clear()
    if (writeTrailerBlock(fields, block)) output.head(this.id, block, true)
    else output.end(this.id)
    this.#hasEnded = true
  }

  refuse(refusal: Refusal, _closes: boolean, toHead: boolean): void {
    this.#owner.traffic.refusalLog.write(refusal, this.address)
    this.#releaseExchange()
    this.answerRefusal(refusal, toHead)
  }

  /** Sends an answer of the proxy itself, where no exchange is under way. */
  answerRefusal(refusal: Refusal, toHead: boolean): void {
    // It lies in the buffer of all heads of a read, which a client that reads no answer would keep.
    this.#head = nothing
    if (this.isGrpc) return this.#failCall(refusal)
    const bytes = refusalBytes(refusal, false, toHead, ownLines(this.#owner.traffic, this.tls))
    const head = new ResponseHead()
    const bodyFrom = head.parse(bytes, 0, bytes.length)
    this.answerHead({ head, chunked: false, connection: '' }, toHead)
    if (!toHead) this.answerData(bytes.subarray(bodyFrom), true)
    this.#endIfComplete()
  }

  /** A call of gRPC fails by its status; with one of HTTP its client would have to guess. */
  #failCall(refusal: Refusal): void {
    const { block } = this.#owner.traffic.http2
    const status = refusal.code === callLate.code ? DEADLINE_EXCEEDED : grpcStatusOf(refusal.status)
    block.clear()
    writeGrpcFailure(status, `${refusal.text} (${refusal.code})`, block)
    this.#owner.output.head(this.id, block, true)
    this.#hasEnded = true
    this.#endIfComplete()
  }

  bodyProgress(): void {
    this.#bodyDeadline =
      this.#exchange?.requestBody.done === false ? (this.#pace?.deadline ?? never) : never
  }

  pauseBody(): void {
    this.#isPaused = true
    this.#pace?.stop(this.#owner.traffic.ticker.now)
    this.#bodyDeadline = never
  }

  /** The exchange is at work, so what is held follows later. */
  resumeBody(): void {
    this.#isPaused = false
    this.#pace?.resume(this.#owner.traffic.ticker.now)
    this.bodyProgress()
    if (!this.#body.isHeld || this.#isScheduled) return
    this.#isScheduled = true
    process.nextTick(feedLater, this)
  }

  /** Passes on what is held, outside of the exchange. */
  feed(): void {
    try {
      this.#feed()
    } catch (error) {
      this.#owner.traffic.fault(error)
      this.reset(INTERNAL_ERROR)
    }
  }

  exchangeOver(): void {
    this.#releaseExchange()
    this.#endIfComplete()
  }

  cut(): void {
    this.#releaseExchange()
    this.#reset(INTERNAL_ERROR)
  }

  becomeTunnel(node: TunnelSide): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    const { traffic } = this.#owner
    this.#bodyDeadline = never
    const side = new StreamTunnel({
      pending: () => this.pending,
      send: (bytes, isLast) => {
        const isSent = this.answerData(bytes, isLast)
        this.#endIfComplete()
        return isSent
      },
      pause: () => {
        this.#isPaused = true
      },
      resume: () => this.resumeBody(),
      reset: () => this.#reset(CANCEL),
    })
    this.#tunnel = side
    // It settles with the tunnel, which may outlive the stream.
    this.#exchange = undefined
    new Tunnel(side, node, exchange, traffic, (toNode, toClient) => {
      exchange.tunnelClosed(toNode, toClient)
      traffic.exchanges.release(exchange)
    })
    this.resumeBody()
  }

  // The answer, while the client or the connection is slow.

  /** @returns false, for the caller. */
  #hold(bytes: Buffer, isLast: boolean): false {
    const { traffic, output } = this.#owner
    const { buffers } = traffic
    const size = bytes.length
    // A read buffer has room for one read: for a short piece it would hold hundreds of times what counts in the limits.
    const isLeased = size > http2Limits.frameBytesMax && size <= buffers.shared.length
    const held = isLeased ? buffers.leaseRead() : Buffer.allocUnsafeSlow(size)
    held.set(bytes, 0)
    this.#held = { bytes: held, isLeased, from: 0, to: size, isLast, trailers: undefined }
    this.#movedAt = traffic.ticker.now
    output.hold(this)
    traffic.http2.noteStalled(this, size)
    return false
  }

  #holdMore(bytes: Uint8Array, isLast: boolean): false {
    const held = this.#held as Held
    if (bytes.length > 0) {
      this.#releaseHeld()
      this.#hold(Buffer.concat([held.bytes.subarray(held.from, held.to), bytes]), isLast)
      // The buffer was released, and its bytes have been copied before.
    } else if (isLast) held.isLast = true
    return false
  }

  get maySend(): boolean {
    const held = this.#held
    if (held === undefined) return false
    if (held.from === held.to) return true
    return this.sendWindow > 0 && this.#owner.output.window > 0
  }

  sendHeld(): boolean {
    const held = this.#held
    if (held === undefined) return false
    const { output, traffic } = this.#owner
    const to = Math.min(held.to, held.from + http2Limits.frameBytesMax)
    const isEnd = held.isLast && to === held.to
    const before = held.from
    held.from = output.data(this, held.bytes, before, to, isEnd)
    if (held.from > before) this.#movedAt = traffic.ticker.now
    if (held.from < held.to) {
      traffic.http2.noteStalled(this, held.to - held.from)
      return true
    }
    if (held.trailers !== undefined) output.head(this.id, held.trailers, true)
    else if (held.isLast && before === held.to) output.end(this.id)
    if (held.isLast || held.trailers !== undefined) this.#hasEnded = true
    this.#releaseHeld()
    if (this.#tunnel !== undefined) this.#tunnel.drained()
    else this.#exchange?.clientDrained()
    this.#endIfComplete()
    return this.#held !== undefined
  }

  #releaseHeld(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    const { output, traffic } = this.#owner
    output.release(this)
    traffic.http2.noteStalled(this, 0)
    if (held.isLeased) traffic.buffers.releaseRead(held.bytes)
  }

  // The end.

  #endIfComplete(): void {
    if (this.#isOver || !this.#hasEnded || this.#exchange !== undefined) return
    if (this.#body.isEnded) return this.#over(false)
    if (this.#tunnel !== undefined) return
    // The client need not send the rest of its request [RFC 9113 8.1]. It may take a reset in the same read for a failure.
    this.#isPaused = false
    this.#resetBy = Math.min(this.#resetBy, this.#owner.traffic.ticker.now + lingerMs)
    this.#feed()
  }

  #reset(code: number): void {
    if (this.#isOver) return
    writeReset(this.#owner.output.frames, this.id, code)
    this.#over(true)
  }

  #over(wasReset: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.#hasBegun && !this.isNoted) this.#owner.leftUnbegun(this)
    this.#releaseExchange()
    this.#releaseHeld()
    this.#owner.traffic.http2.receivedBytes -= this.#body.drop()
    if (this.bound !== undefined) for (const connection of this.bound) connection.close()
    this.#owner.streamOver(this, wasReset)
  }

  #releaseExchange(): void {
    if (this.#exchange !== undefined) this.#owner.traffic.exchanges.release(this.#exchange)
    this.#exchange = undefined
    this.#bodyDeadline = never
  }
}

/** One function for all streams. */
function feedLater(stream: Http2Stream): void {
  stream.feed()
}

const nothing = Buffer.alloc(0)

const callLate: Refusal = {
  status: 504,
  code: 'GRPC_TIMEOUT',
  text: 'the time that grpc-timeout allows the call is over',
}

/** The head that was written for HTTP/1.1 is none: more than a path in `:path`, or no version of WebSocket. */
const invalidHead: Refusal = {
  status: 400,
  code: 'HTTP2_REQUEST',
  text: 'invalid request',
}
