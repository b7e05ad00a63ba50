// A request over HTTP/2 to a node: a stream of a session that an exchange has leased like a connection. It accepts the bytes of
// an HTTP/1.1 request and returns the response as such, so that framing, retries, limits and cuts are the same for an exchange.

import type { TopspinError } from '../../base/errors.ts'
import { http2Limits } from '../../base/limits.ts'
import { isSecure, type Node } from '../../cluster/node.ts'
import type { Connection } from '../../net/connection.ts'
import { BodyRelay } from '../../wire/http/body-relay.ts'
import type { Fields } from '../../wire/http/fields.ts'
import { Out } from '../../wire/http/out.ts'
import { writeTrailerBlock } from '../../wire/http2/answer-block.ts'
import { CANCEL, PROTOCOL_ERROR } from '../../wire/http2/codes.ts'
import type { FieldSink } from '../../wire/http2/field-decoder.ts'
import type { Priority } from '../../wire/http2/priority.ts'
import type { BlockOptions } from '../../wire/http2/request-block.ts'
import type { ResponseBody } from '../../wire/http2/response-text.ts'
import type { Http2Output, Sender } from '../shared/http2-output.ts'
import { StreamTunnel } from '../shared/stream-tunnel.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type { LeasedConnection, NodeContext, ResponseReceiver } from './node-context.ts'
import { closedError, lateError } from './node-error.ts'

const none: Buffer[] = []

const plain: BlockOptions = { isSecure: false, acceptsTrailers: false }
const secure: BlockOptions = { ...plain, isSecure: true }
const withTrailers: BlockOptions = { ...plain, acceptsTrailers: true }
const secureWithTrailers: BlockOptions = { ...secure, acceptsTrailers: true }

/** What a stream uses of its exchange, or of the tunnel that follows it. */
type StreamReceiver = Pick<
  ResponseReceiver,
  | 'acceptsTrailers'
  | 'isHead'
  | 'websocketAccept'
  | 'nodeReady'
  | 'nodeSent'
  | 'nodeDrained'
  | 'nodeMalformed'
  | 'nodeEnded'
  | 'nodeClosed'
  | 'nodeTimedOut'
  | 'silenceMs'
  | 'isWithoutOther'
>

/** All streams take turns. */
const priority: Priority = { urgency: 3, incremental: true }

/** The session of a stream. */
export interface StreamSession {
  readonly context: NodeContext
  readonly connection: Connection
  readonly output: Http2Output
  readonly pool: { readonly node: Node; readonly connectMs: number }
  readonly settings: { readonly acceptsConnect: boolean }
  /** A further stream may begin at once. */
  readonly isReady: boolean
  /** A response has arrived on it. */
  readonly hasServed: boolean
  /** The stream is leased; `becomeReady` follows unless `isReady`. */
  add(stream: NodeStream): void
  /** The stream begins. @returns its id. */
  begin(stream: NodeStream): number
  /** The node may send so many bytes more. */
  grow(stream: NodeStream, bytes: number): void
  reset(stream: NodeStream, code: number): void
  /** The stream has ended, or was not begun. */
  remove(stream: NodeStream): void
}

export class NodeStream implements LeasedConnection, Sender {
  /** 0 until the request is sent. */
  id = 0
  sendWindow = 0
  readonly priority: Priority = priority
  deadline: number = Number.POSITIVE_INFINITY
  #attachedAt = 0
  isReady: boolean
  isReused: boolean
  readonly isIdle = false
  readonly isForOneClient = false
  readonly hasTrailers = true
  isLoggedIn = false
  /** The node has sent the end of its response. */
  responseEnded = false
  hasMoved = false
  #session: StreamSession
  readonly #context: NodeContext
  #exchange: StreamReceiver | undefined
  /** The request went as an extended CONNECT: the Sec-WebSocket-Accept for its client. */
  #accept: string | undefined
  #isTunnel = false
  #isOver = false
  // The request.
  /** Written before the session was ready. */
  #early: Buffer[] = none
  readonly #body: BodyRelay = new BodyRelay()
  /** Bytes of the body that wait for a window or for the socket. */
  #rests: Buffer[] = none
  #isEndHeld = false
  #heldTrailers: Out | undefined
  #requestEnded = false
  // The response.
  /** The final head has arrived. */
  #hasHead = false
  #responseBody: ResponseBody = 'none'
  /** The exchange is told when the response ends. */
  #tellsEnd = false
  /** Bytes that must still arrive, for the framing `length`. */
  #left = 0
  #window = http2Limits.streamWindowBytes
  /** Bytes that were delivered since the last WINDOW_UPDATE. */
  #passed = 0
  #isPaused = false
  /** The client is still sent from the buffer that was delivered last. */
  #isLent = false
  /** The stream has ended, and with it the response, which the exchange is still to be told. */
  #endIsDue = false
  #trailers: Fields | undefined
  /** Arrived while the exchange was paused. */
  #kept: Out | undefined
  #keptBytes = 0
  #isScheduled = false

  constructor(session: StreamSession) {
    this.#session = session
    this.#context = session.context
    this.isReused = session.hasServed
    session.add(this)
    this.isReady = session.isReady
  }

  get connection(): Connection {
    return this.#session.connection
  }

  get node(): Node {
    return this.#session.pool.node
  }

  /** Another session has room for it, and its own has not. Once: a node may allow no streams at all. */
  moveTo(session: StreamSession): void {
    this.hasMoved = true
    this.#session.remove(this)
    this.#session = session
    session.add(this)
    if (session.isReady) this.becomeReady()
  }

  attach(exchange: ResponseReceiver): void {
    this.#exchange = exchange
    const connectMs = exchange.connectMs ?? this.#session.pool.connectMs
    this.#attachedAt = this.#context.ticker.now
    this.deadline = this.isReady ? Number.POSITIVE_INFINITY : this.#context.ticker.now + connectMs
  }

  becomeReady(): void {
    if (this.isReady) return
    this.isReady = true
    this.deadline = Number.POSITIVE_INFINITY
    const early = this.#early
    this.#early = none
    for (const bytes of early) this.write(bytes)
    this.#exchange?.nodeReady()
  }

  // The request.

  /** The first bytes of a request hold its whole head. */
  write(bytes: Buffer): boolean {
    if (this.#isOver) return true
    if (!this.isReady) {
      if (this.#early === none) this.#early = []
      this.#early.push(bytes)
      return false
    }
    const bodyFrom = this.id === 0 ? this.#writeHead(bytes) : 0
    if (!this.#requestEnded) this.#writeBody(bytes, bodyFrom)
    return this.pending === 0
  }

  get pending(): number {
    if (this.#early === none && this.#rests === none) return 0
    let bytes = this.#isEndHeld ? 1 : 0
    for (const piece of this.#early) bytes += piece.length
    for (const piece of this.#rests) bytes += piece.length
    return bytes
  }

  #writeHead(bytes: Buffer): number {
    const session = this.#session
    const { block, requestBlock } = this.#context.http2
    this.id = session.begin(this)
    block.clear()
    if (session.settings.acceptsConnect) this.#accept = this.#exchange?.websocketAccept
    const isWebSocket = this.#accept !== undefined
    const options = isWebSocket ? { ...this.#blockOptions, isWebSocket } : this.#blockOptions
    const bodyFrom = requestBlock.write(bytes, options, block)
    const { contentLength } = requestBlock
    const framing = contentLength < 0 ? 'chunked' : contentLength === 0 ? 'none' : 'length'
    this.#body.begin(framing, contentLength, framing === 'chunked' ? 'decode' : 'same')
    this.#requestEnded = framing === 'none' && !isWebSocket
    session.output.head(this.id, block, this.#requestEnded)
    return bodyFrom
  }

  get #blockOptions(): BlockOptions {
    const isSecureNode = isSecure(this.node)
    if (this.#exchange?.acceptsTrailers === true)
      return isSecureNode ? secureWithTrailers : withTrailers
    return isSecureNode ? secure : plain
  }

  #writeBody(bytes: Buffer, from: number): void {
    const body = this.#body
    if (from === bytes.length || body.done) return
    if (body.framing === 'length') {
      body.passes(from, bytes.length)
      return this.#send(bytes, from, bytes.length, body.done, true)
    }
    const { decoded } = this.#context.http2
    decoded.clear()
    const behind = body.relay(bytes, from, bytes.length, decoded)
    if (behind < 0) throw new RangeError('request body is not canonical')
    const trailers = body.done ? this.#trailersOf(body) : undefined
    this.#send(decoded.bytes, 0, decoded.length, body.done && trailers === undefined, false)
    if (trailers !== undefined) this.#sendTrailers(trailers)
  }

  #trailersOf(body: BodyRelay): Out | undefined {
    if (body.trailers === undefined) return undefined
    const out = new Out(512)
    return writeTrailerBlock(body.trailers, out) ? out : undefined
  }

  /** @param stays the bytes stay as they are until they have been sent. */
  #send(bytes: Buffer, from: number, to: number, isLast: boolean, stays: boolean): void {
    const { output } = this.#session
    const sent = this.#rests.length > 0 ? from : output.data(this, bytes, from, to, isLast)
    if (sent < to) {
      const rest = bytes.subarray(sent, to)
      if (this.#rests === none) this.#rests = []
      this.#rests.push(stays ? rest : Buffer.from(rest))
      this.#isEndHeld = isLast
      output.hold(this)
    } else if (isLast) {
      if (this.#rests.length > 0) this.#isEndHeld = true
      else this.#endRequest(from === to)
    }
  }

  #sendTrailers(trailers: Out): void {
    if (this.#rests.length > 0) {
      this.#heldTrailers = trailers
      this.#isEndHeld = true
      return
    }
    const session = this.#session
    session.output.head(this.id, trailers, true)
    this.#endRequest(false)
  }

  /** @param isBare the end goes in a frame of its own. */
  #endRequest(isBare: boolean): void {
    this.#requestEnded = true
    if (isBare) this.#session.output.end(this.id)
    this.#endIfComplete()
  }

  get maySend(): boolean {
    return this.#rests.length > 0 && this.sendWindow > 0 && this.#session.output.window > 0
  }

  sendHeld(): boolean {
    const { output } = this.#session
    const [piece] = this.#rests
    if (piece === undefined) return false
    const to = Math.min(piece.length, http2Limits.frameBytesMax)
    const isEnd =
      this.#isEndHeld &&
      this.#heldTrailers === undefined &&
      this.#rests.length === 1 &&
      to === piece.length
    const sent = output.data(this, piece, 0, to, isEnd)
    if (sent < piece.length) this.#rests[0] = piece.subarray(sent)
    else this.#rests.shift()
    if (this.#rests.length > 0) return true
    this.#rests = none
    output.release(this)
    const trailers = this.#heldTrailers
    const wasEnd = this.#isEndHeld
    this.#isEndHeld = false
    if (trailers !== undefined) this.#sendTrailers(trailers)
    else if (wasEnd) this.#endRequest(false)
    else this.#exchange?.nodeDrained()
    return this.#rests.length > 0
  }

  // A WebSocket [RFC 8441].

  becomeTunnel(): TunnelSide {
    const side = new StreamTunnel({
      pending: () => this.pending,
      send: (bytes, isLast) => this.#sendInTunnel(bytes as Buffer, isLast),
      pause: () => this.pause(),
      resume: () => this.resume(),
      reset: () => this.abort(),
    })
    this.#isTunnel = true
    this.#exchange = receiverOf(side)
    return side
  }

  #sendInTunnel(bytes: Buffer, isLast: boolean): boolean {
    if (this.#isOver) return true
    this.#send(bytes, 0, bytes.length, isLast, true)
    return this.pending === 0
  }

  // The response, as the session reads it.

  /** The payload of a frame of DATA begins to arrive. @returns false when it exceeds the window. */
  draw(bytes: number): boolean {
    this.#window -= bytes
    return this.#window >= 0
  }

  get #out(): Out {
    if (!this.#isPaused && this.#kept === undefined) return this.#context.http2.response
    this.#kept ??= new Out(4_096)
    return this.#kept
  }

  receivedData(bytes: Buffer, from: number, to: number): void {
    if (this.#exchange === undefined) return this.#credit(to - from)
    switch (this.#hasHead ? this.#responseBody : 'none') {
      case 'length':
        this.#left -= to - from
        if (this.#left < 0) return this.#refuse('a body longer than its content-length')
        this.#out.copy(bytes, from, to)
        break
      case 'stream':
        this.#out.copy(bytes, from, to)
        break
      default:
        if (from < to) this.#refuse('DATA that the head does not allow')
        return
    }
    if (this.#kept === undefined) this.#credit(to - from)
    else this.#keptBytes += to - from
  }

  /** @param padding bytes. */
  dataEnds(padding: number, isLast: boolean): void {
    this.#credit(padding)
    if (isLast) this.#endResponse()
  }

  /** The fields that follow are for the result. */
  beginFields(): FieldSink {
    const { http2 } = this.#context
    if (this.#hasHead) {
      http2.trailers.begin()
      return http2.trailers
    }
    http2.responseText.begin(this.#out, this.#accept)
    return http2.responseText
  }

  /** @param isTooLarge not all fields are there. */
  endFields(isLast: boolean, isTooLarge: boolean): void {
    if (this.#exchange === undefined) {
      if (isLast) this.#endResponse()
      return
    }
    if (isTooLarge) return this.#refuse('fields larger than allowed')
    if (this.#hasHead) this.#endTrailers(isLast)
    else this.#endHead(isLast)
  }

  #endHead(isLast: boolean): void {
    const { responseText } = this.#context.http2
    const body = responseText.end(isLast, this.#exchange?.isHead === true)
    const { problem, status } = responseText
    if (problem !== '') return this.#refuse(problem)
    if (status < 200) return
    this.#hasHead = true
    this.#responseBody = body
    this.#tellsEnd =
      body === 'stream' || (body === 'length' && this.#exchange?.acceptsTrailers === true)
    this.#left = body === 'length' ? responseText.contentLength : 0
    if (isLast) this.#endResponse()
  }

  #endTrailers(isLast: boolean): void {
    const { trailers } = this.#context.http2
    if (!isLast) return this.#refuse('trailers without the end of the stream')
    if (!trailers.end()) return this.#refuse('a field that HTTP/2 does not allow in trailers')
    this.#trailers = trailers.fields(this.#isPaused || this.#kept !== undefined)
    if (this.#trailers === undefined) return this.#refuse('trailers larger than allowed')
    this.#endResponse()
  }

  #endResponse(): void {
    this.responseEnded = true
    if (this.#exchange === undefined) return this.#endIfComplete()
    if (!this.#hasHead) return this.#refuse('a stream that ends without a response')
    if (this.#left > 0) return this.#refuse('a body shorter than its content-length')
    this.#endIsDue = this.#tellsEnd
  }

  /** Passes on what has arrived. @param out with it, unless the exchange is paused. */
  deliver(out: Out): void {
    if (this.#kept !== undefined || this.#isPaused) return
    this.#isLent = false
    if (out.length > 0) this.#exchange?.nodeSent(out.bytes, out.length)
    this.#deliverEnd()
    if (this.#isLent) out.detach()
    else out.clear()
  }

  #deliverEnd(): void {
    if (!this.#endIsDue) return
    this.#endIsDue = false
    this.#exchange?.nodeEnded(this.#trailers)
    if (this.#isTunnel) this.#endIfComplete()
  }

  /** Bytes of the window have been passed on, or are not needed. */
  #credit(bytes: number): void {
    this.#passed += bytes
    if (this.responseEnded || this.#isOver) return
    if (this.#passed < http2Limits.streamWindowBytes / 2) return
    this.#window += this.#passed
    this.#session.grow(this, this.#passed)
    this.#passed = 0
  }

  pause(): void {
    this.#isPaused = true
    this.#isLent = true
  }

  /** The exchange is at work, so what is kept follows later. */
  resume(): void {
    this.#isPaused = false
    if ((this.#kept === undefined && !this.#endIsDue) || this.#isScheduled) return
    this.#isScheduled = true
    process.nextTick(deliverLater, this)
  }

  /** Passes on what has arrived while the exchange was paused. */
  deliverKept(): void {
    this.#isScheduled = false
    if (this.#isPaused || this.#isOver) return
    const kept = this.#kept
    const bytes = this.#keptBytes
    this.#kept = undefined
    this.#keptBytes = 0
    try {
      if (kept !== undefined) this.#exchange?.nodeSent(kept.bytes, kept.length)
      this.#deliverEnd()
    } catch (error) {
      this.#context.fault(error)
      this.fail(closedError(undefined))
      return
    }
    this.#credit(bytes)
  }

  detachBuffer(): void {
    this.#isLent = true
    this.#isPaused = false
  }

  // The end.

  /** It has failed, and the node does not process it any more. */
  fail(error: TopspinError): void {
    // Only a connection that ends is no failure of the node.
    if (error.code === 'NODE_RESET') this.isReused = false
    else if (error.retry === 'safe' && error.phase === 'send') this.isReused = true
    this.#over()
    this.#end()?.nodeClosed(error)
  }

  failMalformed(reason: string): void {
    this.#over()
    this.#end()?.nodeMalformed(reason)
  }

  /** The response is invalid. What this read has of it is dropped. */
  #refuse(problem: string): void {
    if (this.#isOver) return
    this.#session.reset(this, PROTOCOL_ERROR)
    this.failMalformed(problem)
  }

  /** @returns the exchange, which has the stream no more. */
  #end(): StreamReceiver | undefined {
    const exchange = this.#exchange
    this.#exchange = undefined
    return exchange
  }

  release(reusable: boolean): void {
    this.#exchange = undefined
    this.#kept = undefined
    this.#isPaused = false
    if (this.responseEnded && this.#requestEnded) return this.#over()
    if (!reusable || !this.#requestEnded) return this.#reset(CANCEL)
    // The response is complete by its length; the end of the stream follows.
    this.deadline = this.#context.ticker.now + http2Limits.endMs
  }

  abort(): void {
    this.#exchange = undefined
    if (this.#isOver) return
    if (this.id === 0 || (this.responseEnded && this.#requestEnded)) this.#over()
    else this.#reset(CANCEL)
  }

  #endIfComplete(): void {
    if (!this.responseEnded || !this.#requestEnded) return
    // What the tunnel has not taken yet is still to be passed on.
    const isPassedOn = this.#isTunnel && this.#kept === undefined && !this.#endIsDue
    if (this.#exchange === undefined || isPassedOn) this.#over()
  }

  #reset(code: number): void {
    if (this.#isOver) return
    this.#session.reset(this, code)
    this.#over()
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#early = none
    this.#rests = none
    this.#kept = undefined
    const session = this.#session
    session.output.release(this)
    session.remove(this)
  }

  /** @param now ticker time. */
  check(now: number): void {
    if (now < this.deadline) return
    this.deadline = Number.POSITIVE_INFINITY
    this.expired()
  }

  /** See `NodeConnection`. */
  get mayWait(): boolean {
    const exchange = this.#exchange
    if (exchange === undefined || this.#session.connection.socket.connecting) return false
    const waitedMs = this.#context.ticker.now - this.#attachedAt
    return waitedMs < exchange.silenceMs && exchange.isWithoutOther
  }

  expired(): void {
    if (this.#exchange === undefined) this.#reset(CANCEL)
    else if (this.isReady) this.#exchange.nodeTimedOut()
    else if (this.mayWait) this.deadline = this.#context.ticker.now + this.#session.pool.connectMs
    else this.fail(lateError(this.#session.connection.socket))
  }

  // Of connections that belong to one client, which streams never do.

  bindTo(bound: Set<LeasedConnection>): void {
    bound.delete(this)
  }
  reuse(): boolean {
    return false
  }
  close(): void {}
  noteKeepAlive(): void {}
  noteExcess(): void {}
}

const nothing = (): void => {}

/** Passes what the stream receives to a tunnel. */
const receiverOf = (side: StreamTunnel): StreamReceiver => ({
  acceptsTrailers: false,
  isHead: false,
  silenceMs: 0,
  isWithoutOther: false,
  nodeReady: nothing,
  nodeSent: (bytes, length) => side.receiver.received(bytes, length),
  nodeDrained: () => side.drained(),
  nodeEnded: () => side.remoteEnded(),
  nodeClosed: () => side.lost(),
  nodeMalformed: () => side.lost(),
  nodeTimedOut: () => side.lost(),
})

/** One function for all streams. */
function deliverLater(stream: NodeStream): void {
  stream.deliverKept()
}
