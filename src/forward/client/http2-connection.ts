// One client's connection over HTTP/2 [RFC 9113]: frames become streams, each with an exchange of its own. It has the socket
// of a ClientConnection, which makes it when the client speaks HTTP/2.

import { hostText } from '../../base/host-port.ts'
import { heldLimits, http2Limits } from '../../base/limits.ts'
import { countClosing, countRefusal } from '../../cluster/traffic-counts.ts'
import { plainAddress } from '../../net/address.ts'
import type { ClientOrigin } from '../../net/client-origin.ts'
import type { Connection, Receiver } from '../../net/connection.ts'
import type { Timed } from '../../net/ticker.ts'
import type { ForwardedLines } from '../../wire/forwarded.ts'
import { hostKey } from '../../wire/http/host.ts'
import {
  CANCEL,
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
  SETTINGS_TIMEOUT,
  STREAM_CLOSED,
} from '../../wire/http2/codes.ts'
import { FieldDecoder, type FieldSink } from '../../wire/http2/field-decoder.ts'
import { type FrameHandler, FrameReader } from '../../wire/http2/frame-reader.ts'
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  PRIORITY_UPDATE,
  PUSH_PROMISE,
  preface,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  WITH_PRIORITY,
  writeFrameHead,
  writeGoaway,
  writePing,
  writeReset,
  writeWindowUpdate,
} from '../../wire/http2/frames.ts'
import { parsePriority } from '../../wire/http2/priority.ts'
import type { RequestProblem } from '../../wire/http2/request-text.ts'
import {
  initialSettings,
  type RemoteSettings,
  readSettings,
  windowBytesMax,
  writeOwnSettings,
} from '../../wire/http2/settings.ts'
import type { ClientTls } from '../node/request-source.ts'
import { clientLeft, clientUnknown, proxyFull, type Refusal } from '../refusal.ts'
import type { Waiter } from '../shared/admission.ts'
import { Http2Faults } from '../shared/http2-faults.ts'
import { Http2Output } from '../shared/http2-output.ts'
import type { HttpsRedirect } from '../shared/https-redirect.ts'
import type { Traffic } from '../traffic/traffic.ts'
import type { PaceLimits } from './body-pace.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { ClientRules } from './client-rules.ts'
import { Http2Stream, type StreamOwner } from './http2-stream.ts'
import { logUnread } from './log-unread.ts'

const never = Number.POSITIVE_INFINITY
const streamIdMax = 0x7fff_ffff

/** So many streams that have ended last are remembered, to tell frames of them from those of streams that never were. */
const endedMax = 256

/**
 * - `preface`: its first bytes have not arrived completely.
 * - `settings`: its SETTINGS have not arrived.
 * - `open`: streams may begin.
 * - `lingering`: GOAWAY with an error was sent, or the last stream has ended; what still arrives is dropped.
 * - `closed`: the connection is closed.
 */
type State = 'preface' | 'settings' | 'open' | 'lingering' | 'closed'

/** Statuses of refusals that people should read; others reset the stream. */
const readable: ReadonlySet<number> = new Set([403, 405, 414, 417, 421, 431, 501, 503])

const malformed: Refusal = { status: 400, code: 'HTTP2_REQUEST', text: 'invalid request' }
const fieldsLarge: Refusal = {
  status: 431,
  code: 'HTTP_FIELDS_LARGE',
  text: 'header fields larger than the limit that this proxy announces',
}
const misdirected: Refusal = {
  status: 421,
  code: 'MISDIRECTED',
  text: 'the certificate of this connection is not for this name, which has its own: open a connection for it',
}
const noMethod: Refusal = { status: 405, code: 'HTTP_METHOD', text: 'method not allowed' }
const noProtocol: Refusal = {
  status: 501,
  code: 'HTTP2_PROTOCOL',
  text: 'only websocket is carried over a stream',
}

const ownPing = Buffer.from('topspin\0')

export class Http2Connection
  implements StreamOwner, FrameHandler, Receiver, Timed, Waiter, FieldSink
{
  readonly address: string
  readonly trusted: boolean
  readonly tls: ClientTls | undefined
  readonly forwarded: ForwardedLines
  readonly traffic: Traffic
  readonly output: Http2Output
  readonly bodyPace: PaceLimits
  readonly listener: number
  deadline: number
  readonly #connection: Connection
  readonly #origin: ClientOrigin | undefined
  readonly #rules: ClientRules
  readonly #onClosed: () => void
  #isBarred = false
  #isElsewhere: ((name: string) => boolean) | undefined
  readonly #faults: Http2Faults
  readonly #reader: FrameReader = new FrameReader()
  #decoder: FieldDecoder | undefined
  #state: State = 'preface'
  #prefaceLength = 0
  readonly #streams: Map<number, Http2Stream> = new Map()
  /** The highest stream that the client has begun. */
  #lastStream = 0
  /** Streams that have ended last, negative those that this side has reset; a ring. */
  #ended: Int32Array | undefined
  #endedAt = 0
  readonly #settings: RemoteSettings = initialSettings()
  /** When our SETTINGS must have been acknowledged, ticker time. */
  #ackBy: number
  // What is being read.
  /** Streams that have begun in this read. */
  #newStreams: Http2Stream[] = []
  #newCount = 0
  #dataStream: Http2Stream | undefined
  #frameBytes = 0
  #dataBytes = 0
  /** The stream of a field block whose end has not arrived, 0 without. */
  #blockStream = 0
  #blockFlags = 0
  #block: Buffer[] = []
  #blockBytes = 0
  #continuations = 0
  #blockBy = never
  /** Streams that hold pieces in the buffer of this read. */
  readonly #viewers: Set<Http2Stream> = new Set()
  /** Streams that have begun and await the rest of their requests. */
  #uploads = 0
  /** Where bodies are read. */
  #bodyBuffer: Buffer | undefined
  #window = http2Limits.connectionWindowBytes
  #passedBytes = 0
  // The end.
  #isArriving = true
  /** The first GOAWAY of a drain was sent; the second is due then, ticker time. */
  #goawayBy = never
  /** Streams above it are not processed. */
  #acceptedMax = streamIdMax
  #isDraining = false
  #idleSince: number
  #dropped = 0
  /** Streams that wait for their turn. */
  readonly #waiting: Http2Stream[] = []
  readonly #earlyPriorities: Map<number, string> = new Map()

  /** @param onClosed called once. */
  constructor(
    connection: Connection,
    identity: ClientIdentity,
    traffic: Traffic,
    rules: ClientRules,
    onClosed: () => void,
  ) {
    const { ticker } = traffic
    this.#connection = connection
    this.address = identity.address
    this.trusted = identity.trusted
    this.tls = identity.tls
    this.forwarded = identity.forwarded
    this.#origin = identity.origin
    this.traffic = traffic
    this.bodyPace = rules.bodyPace
    this.listener = rules.listener
    this.#rules = rules
    this.#onClosed = onClosed
    this.output = new Http2Output(connection, traffic.http2, () => ticker.now)
    this.#faults = new Http2Faults(ticker.now)
    this.#idleSince = ticker.now
    this.#ackBy = ticker.now + http2Limits.settingsAckMs
    this.deadline = ticker.now + rules.timeouts.headMs
    traffic.counters.connectionsHttp2++
    ticker.add(this)
    traffic.arriving.hold(this.address, this, ticker.now)
    connection.handTo(this)
    writeOwnSettings(this.output.frames)
  }

  /** The client has not shown a valid certificate: its requests are refused. */
  bar(): void {
    this.#isBarred = true
  }

  /** Requests for names of which this is true are refused. */
  limitNames(isElsewhere: (name: string) => boolean): void {
    this.#isElsewhere = isElsewhere
  }

  get httpsRedirect(): HttpsRedirect | undefined {
    return this.#rules.httpsRedirect
  }

  get port(): number | undefined {
    return this.#origin === undefined ? this.#connection.socket.remotePort : this.#origin.port
  }

  get localAuthority(): string {
    if (this.#origin !== undefined) return this.#origin.localAuthority
    const { localAddress = '', localPort = 0 } = this.#connection.socket
    return `${hostText(plainAddress(localAddress))}:${localPort}`
  }

  /** Open for a while without a stream: closing it loses nothing. */
  get isDormant(): boolean {
    if (this.#state !== 'open' || this.#streams.size > 0 || this.#isArriving) return false
    return this.traffic.ticker.now - this.#idleSince >= heldLimits.stalledMs
  }

  get isOver(): boolean {
    return this.#state === 'lingering' || this.#state === 'closed'
  }

  // Reading.

  nextBuffer(): Buffer {
    const { buffers } = this.traffic
    if (this.#uploads > 0) {
      this.#bodyBuffer ??= buffers.leaseRead()
      return this.#bodyBuffer
    }
    if (this.#bodyBuffer !== undefined) buffers.releaseRead(this.#bodyBuffer)
    this.#bodyBuffer = undefined
    return buffers.shared
  }

  lendBuffer(): void {
    this.#bodyBuffer = undefined
  }

  received(bytes: Buffer, length: number): void {
    if (this.isOver) return this.#drop(length)
    const from = this.#state === 'preface' ? this.#readPreface(bytes, length) : 0
    if (this.isOver) return
    const { request } = this.traffic.http2
    request.out.clear()
    this.#newCount = 0
    this.#reader.read(bytes, from, length, this)
    this.#beginStreams()
    if (this.#viewers.size > 0) this.#keepViews()
    if (this.output.controlBytes > http2Limits.controlBytesMax) this.destroy()
  }

  #keepViews(): void {
    for (const stream of this.#viewers) stream.keepViews()
    this.#viewers.clear()
  }

  #readPreface(bytes: Buffer, length: number): number {
    let at = 0
    while (at < length && this.#prefaceLength < preface.length) {
      if (bytes[at++] === preface[this.#prefaceLength++]) continue
      this.#fail(PROTOCOL_ERROR)
      return length
    }
    if (this.#prefaceLength === preface.length) this.#state = 'settings'
    return at
  }

  frameBegins(type: number, flags: number, stream: number, length: number): boolean {
    if (length > http2Limits.frameBytesMax) return this.#fail(FRAME_SIZE_ERROR)
    if (this.#state === 'settings' && (type !== SETTINGS || (flags & ACK) !== 0))
      return this.#fail(PROTOCOL_ERROR)
    if (this.#blockStream !== 0 && (type !== CONTINUATION || stream !== this.#blockStream))
      return this.#fail(PROTOCOL_ERROR)
    if (type === DATA) return this.#dataBegins(stream, length)
    return true
  }

  #dataBegins(id: number, length: number): boolean {
    this.#frameBytes = length
    this.#dataBytes = 0
    this.#window -= length
    if (id === 0 || id > this.#lastStream) return this.#fail(PROTOCOL_ERROR)
    if (this.#window < 0) return this.#fail(FLOW_CONTROL_ERROR)
    const stream = this.#streams.get(id)
    this.#dataStream = stream
    if (stream === undefined) return this.#frameOfEnded(id)
    if (stream.remoteEnded) return this.#fail(STREAM_CLOSED)
    return stream.draw(length) || this.#fail(FLOW_CONTROL_ERROR)
  }

  /** DATA or HEADERS of a stream that has ended. @returns false when the connection has failed by it. */
  #frameOfEnded(id: number): boolean {
    if (id > this.#acceptedMax) return true
    const ended = this.#ended ?? nothingEnded
    if (ended.includes(-id)) return this.#fault()
    return this.#fail(ended.includes(id) ? STREAM_CLOSED : PROTOCOL_ERROR)
  }

  data(bytes: Buffer, from: number, to: number): void {
    this.#dataBytes += to - from
    const stream = this.#dataStream
    if (stream === undefined || stream.isOver) return this.passed(to - from)
    if (!stream.received(bytes, from, to)) return this.#streamFault(stream, PROTOCOL_ERROR)
    if (stream.holdsBody) this.#viewers.add(stream)
  }

  dataEnds(flags: number): void {
    const stream = this.#dataStream
    const isLast = (flags & END_STREAM) !== 0
    const padding = this.#frameBytes - this.#dataBytes
    if (stream === undefined || stream.isOver) this.passed(padding)
    else if (padding > 0) stream.passed(padding)
    const mayBeSmall = stream?.isGrpc === true
    if (!isLast && !this.#faults.data(this.#dataBytes, this.traffic.ticker.now, mayBeSmall)) {
      this.#fail(ENHANCE_YOUR_CALM)
      return
    }
    if (isLast && stream !== undefined && !stream.isOver) this.#streamEnds(stream)
  }

  #streamEnds(stream: Http2Stream): void {
    if (stream.hasBegun) this.#uploads--
    if (!stream.receivedEnd()) this.#streamFault(stream, PROTOCOL_ERROR)
  }

  badPadding(): void {
    this.#fail(PROTOCOL_ERROR)
  }

  frame(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    if (type === HEADERS) return this.#headers(flags, stream, bytes, from, to)
    const payload = bytes.subarray(from, to)
    switch (type) {
      case CONTINUATION:
        this.#continuation(flags, payload)
        break
      case SETTINGS:
        this.#readSettings(flags, stream, payload)
        break
      case WINDOW_UPDATE:
        this.#windowUpdate(stream, payload)
        break
      case RST_STREAM:
        this.#resetByClient(stream, payload)
        break
      case PING:
        this.#ping(flags, stream, payload)
        break
      case PRIORITY:
        this.#priority(stream, payload)
        break
      case PRIORITY_UPDATE:
        this.#priorityUpdate(stream, payload)
        break
      case GOAWAY:
        this.#goaway(stream, payload)
        break
      case PUSH_PROMISE:
        this.#fail(PROTOCOL_ERROR)
        break
      default:
        this.#control(type)
    }
  }

  #headers(flags: number, id: number, bytes: Buffer, begin: number, end: number): void {
    if (id === 0 || id % 2 === 0) return void this.#fail(PROTOCOL_ERROR)
    let from = begin
    let to = end
    if (flags & PADDED) {
      if (from < to) to -= bytes[from] as number
      from++
    }
    if (flags & WITH_PRIORITY) {
      if (to - from >= 5 && (bytes.readUInt32BE(from) & streamIdMax) === id)
        return void this.#fail(PROTOCOL_ERROR)
      from += 5
    }
    if (from > to) return void this.#fail(end < from ? FRAME_SIZE_ERROR : PROTOCOL_ERROR)
    this.#blockStream = id
    this.#blockFlags = flags
    if (flags & END_HEADERS) return this.#endBlock(bytes, from, to)
    if (from === to && !this.#fault()) return
    this.#blockBytes = to - from
    this.#block = [Buffer.from(bytes.subarray(from, to))]
    this.#continuations = 0
    this.#blockBy = this.traffic.ticker.now + this.#rules.timeouts.headMs
    this.deadline = Math.min(this.deadline, this.#blockBy)
  }

  #continuation(flags: number, payload: Buffer): void {
    if (this.#blockStream === 0) return void this.#fail(PROTOCOL_ERROR)
    this.#blockBytes += payload.length
    const isTooMuch =
      ++this.#continuations > http2Limits.continuationsMax ||
      this.#blockBytes > http2Limits.blockBytesMax
    if (isTooMuch) return void this.#fail(ENHANCE_YOUR_CALM)
    if (payload.length === 0 && !this.#fault()) return
    this.#block.push(Buffer.from(payload))
    if ((flags & END_HEADERS) === 0) return
    const block = Buffer.concat(this.#block)
    this.#block = []
    this.#blockBy = never
    this.#endBlock(block, 0, block.length)
  }

  /** A whole field block has arrived: the head of a new request, or trailers. */
  #endBlock(block: Buffer, from: number, to: number): void {
    const id = this.#blockStream
    const isLast = (this.#blockFlags & END_STREAM) !== 0
    this.#blockStream = 0
    if (id > this.#lastStream) return this.#beginRequest(id, isLast, block, from, to)
    const stream = this.#streams.get(id)
    if (stream === undefined) {
      if (!this.#frameOfEnded(id)) return
      this.#decode(block, from, to, this)
    } else if (stream.remoteEnded) this.#fail(STREAM_CLOSED)
    else this.#trailers(stream, isLast, block, from, to)
  }

  /** Fields of a stream that is not processed. */
  field(): void {}

  #decode(block: Buffer, from: number, to: number, sink: FieldSink): 'whole' | 'large' | undefined {
    this.#decoder ??= new FieldDecoder()
    const decoded = this.#decoder.decode(block, from, to, sink)
    if (decoded !== 'invalid') return decoded
    this.#fail(COMPRESSION_ERROR)
    return undefined
  }

  #trailers(stream: Http2Stream, isLast: boolean, block: Buffer, from: number, to: number): void {
    const { trailers } = this.traffic.http2
    trailers.begin()
    const decoded = this.#decode(block, from, to, trailers)
    if (decoded === undefined) return
    if (!trailers.end() || decoded === 'large' || !isLast)
      return this.#streamFault(stream, PROTOCOL_ERROR)
    stream.setTrailers(trailers.out.content)
    this.#streamEnds(stream)
  }

  #beginRequest(id: number, isLast: boolean, block: Buffer, from: number, to: number): void {
    this.#lastStream = id
    const { request } = this.traffic.http2
    const isRefused =
      this.#streams.size >= http2Limits.streamsMax ||
      ++this.#newCount > http2Limits.newStreamsMax ||
      this.output.heldBytes > http2Limits.heldBytesMax
    const isIgnored = id > this.#acceptedMax || this.isOver
    if (isRefused || isIgnored) {
      if (this.#decode(block, from, to, this) === undefined || isIgnored) return
      this.traffic.counters.streamsRefused++
      this.#resetUnknown(id, REFUSED_STREAM)
      this.#fault()
      return
    }
    request.begin()
    const headFrom = request.out.length
    const decoded = this.#decode(block, from, to, request)
    if (decoded === undefined) return
    this.#arrived()
    const problem = request.end(!isLast)
    const { out } = request
    const stream = new Http2Stream(id, this, this.#settings.windowBytes, request, !isLast, headFrom)
    if (this.#earlyPriorities.size > 0) this.#usePriority(stream)
    this.#streams.set(id, stream)
    this.traffic.counters.requestsHttp2++
    let refusal = this.#isBarred ? clientUnknown : refusalOf(decoded, problem)
    if (refusal === undefined && this.#isElsewhere?.(hostKey(request.authority)) === true)
      refusal = misdirected
    if (refusal === undefined) this.#newStreams.push(stream)
    else {
      this.refused(stream, refusal, out.bytes.subarray(headFrom, out.length))
      out.length = headFrom
    }
    // All of its fields were decoded for the sake of the table.
    if (decoded === 'large' && !this.#faults.reset(this.traffic.ticker.now))
      this.#fail(ENHANCE_YOUR_CALM)
  }

  /** The priority that its client has sent before it. */
  #usePriority(stream: Http2Stream): void {
    const early = this.#earlyPriorities.get(stream.id)
    if (early === undefined) return
    this.#earlyPriorities.delete(stream.id)
    stream.priority = parsePriority(early)
  }

  /** The heads of this read have all arrived, and requests that were reset at once are gone. */
  #beginStreams(): void {
    const streams = this.#newStreams
    if (streams.length === 0) return
    this.#newStreams = []
    const { admission, http2 } = this.traffic
    for (const stream of streams) {
      if (stream.isOver) continue
      // Further heads may have replaced the buffer.
      stream.rebase(http2.request.out.bytes)
      if (this.#waiting.length === 0 && admission.isOpen) this.#begin(stream)
      else this.#queue(stream)
    }
    // As `Connection: close` over HTTP/1.1.
    if (this.traffic.draining) this.drainGently()
    this.#rearm()
  }

  #begin(stream: Http2Stream): void {
    if (!stream.remoteEnded) this.#uploads++
    stream.begin()
  }

  #queue(stream: Http2Stream): void {
    const { admission, http2, ticker, settings } = this.traffic
    if (http2.waitingBytes + stream.waitingBytes > http2Limits.waitingBytesOfAllMax) {
      this.traffic.counters.streamsRefused++
      stream.isNoted = true
      stream.reset(REFUSED_STREAM)
      return
    }
    stream.keepHead()
    stream.queuedUntil = ticker.now + settings.timeouts.connectMs
    http2.waitingBytes += stream.waitingBytes
    this.#waiting.push(stream)
    admission.wait(this)
  }

  proceed(): boolean {
    const stream = this.#shiftWaiting()
    if (stream !== undefined) this.#begin(stream)
    return this.#waiting.length > 0
  }

  refuseLate(now: number): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].queuedUntil <= now) {
      const stream = this.#shiftWaiting() as Http2Stream
      this.traffic.counters.shortages++
      this.refused(stream, proxyFull, stream.head)
    }
    if (this.#waiting.length === 0) this.traffic.admission.leave(this)
  }

  #shiftWaiting(): Http2Stream | undefined {
    const stream = this.#waiting.shift()
    if (stream !== undefined) this.traffic.http2.waitingBytes -= stream.waitingBytes
    return stream
  }

  refused(stream: Http2Stream, refusal: Refusal, head: Buffer): void {
    countRefusal(this.traffic.counters, refusal)
    this.#note(stream, refusal, head)
    if (readable.has(refusal.status)) {
      this.traffic.refusalLog.write(refusal, this.address)
      stream.answerRefusal(refusal, head.toString('latin1', 0, 5) === 'HEAD ')
    } else this.#streamFault(stream, PROTOCOL_ERROR)
  }

  leftUnbegun(stream: Http2Stream): void {
    this.#note(stream, clientLeft, stream.head)
  }

  #note(stream: Http2Stream, refusal: Refusal, head: Buffer): void {
    stream.isNoted = true
    logUnread(this.traffic, stream, refusal, head, 0, head.length)
  }

  #readSettings(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) return void this.#fail(PROTOCOL_ERROR)
    if (flags & ACK) {
      if (payload.length > 0) return void this.#fail(FRAME_SIZE_ERROR)
      this.#ackBy = never
      this.#control(SETTINGS)
      return
    }
    if (payload.length > http2Limits.settingsMax * 6) return void this.#fail(ENHANCE_YOUR_CALM)
    if (!this.#control(SETTINGS)) return
    const { windowBytes: before, tableBytes } = this.#settings
    const problem = readSettings(payload, this.#settings)
    if (problem !== 0) return void this.#fail(problem)
    if (this.#settings.tableBytes < tableBytes) this.output.owesTableSize = true
    if (this.#state === 'settings') this.#open()
    writeFrameHead(this.output.frames, 0, SETTINGS, ACK, 0)
    const growth = this.#settings.windowBytes - before
    if (growth === 0) return
    if (growth < 0 && !this.#fault()) return
    for (const each of this.#streams.values()) {
      each.sendWindow += growth
      if (each.sendWindow > windowBytesMax) return void this.#fail(FLOW_CONTROL_ERROR)
    }
    if (growth > 0) this.output.pump()
  }

  #open(): void {
    this.#state = 'open'
    this.#idleSince = this.traffic.ticker.now
    this.#isDraining ||= this.#rules.closes
    if (this.#isDraining) this.#announceEnd(http2Limits.leavePingMs)
    else this.#rearm()
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) return void this.#fail(FRAME_SIZE_ERROR)
    const increment = payload.readUInt32BE(0) & windowBytesMax
    const { output, traffic } = this
    if (!this.#faults.windowUpdate(output, traffic.ticker.now))
      return void this.#fail(ENHANCE_YOUR_CALM)
    if (increment === 0) return void this.#fail(PROTOCOL_ERROR)
    if (id === 0) {
      output.window += increment
      if (output.window > windowBytesMax) return void this.#fail(FLOW_CONTROL_ERROR)
    } else {
      const stream = this.#streams.get(id)
      if (stream === undefined) {
        if (id > this.#lastStream) this.#fail(PROTOCOL_ERROR)
        return
      }
      stream.sendWindow += increment
      if (stream.sendWindow > windowBytesMax) return this.#streamFault(stream, FLOW_CONTROL_ERROR)
    }
    output.pump()
  }

  #resetByClient(id: number, payload: Buffer): void {
    if (payload.length !== 4) return void this.#fail(FRAME_SIZE_ERROR)
    if (id === 0 || id > this.#lastStream) return void this.#fail(PROTOCOL_ERROR)
    const stream = this.#streams.get(id)
    if (stream === undefined) return void this.#control(RST_STREAM)
    const isEarly = stream.isUnanswered
    stream.abandon()
    if (isEarly && !this.#faults.reset(this.traffic.ticker.now)) this.#fail(ENHANCE_YOUR_CALM)
  }

  #ping(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) return void this.#fail(PROTOCOL_ERROR)
    if (payload.length !== 8) return void this.#fail(FRAME_SIZE_ERROR)
    if (flags & ACK) {
      if (this.#goawayBy < never && payload.equals(ownPing)) this.#endDrain()
      else this.#control(PING)
      return
    }
    if (this.#faults.ping(this.output.dataFrames, this.traffic.ticker.now))
      writePing(this.output.frames, payload, true)
    else this.#fail(ENHANCE_YOUR_CALM)
  }

  /** Priorities of RFC 7540 are checked, and ignored [RFC 9113 5.3.2]. */
  #priority(id: number, payload: Buffer): void {
    if (id === 0) return void this.#fail(PROTOCOL_ERROR)
    if (payload.length !== 5) return void this.#fail(FRAME_SIZE_ERROR)
    if ((payload.readUInt32BE(0) & streamIdMax) === id) return void this.#fail(PROTOCOL_ERROR)
    this.#control(PRIORITY)
  }

  #priorityUpdate(id: number, payload: Buffer): void {
    if (id !== 0) return void this.#fail(PROTOCOL_ERROR)
    if (payload.length < 4) return void this.#fail(FRAME_SIZE_ERROR)
    const about = payload.readUInt32BE(0) & streamIdMax
    if (about === 0 || about % 2 === 0) return void this.#fail(PROTOCOL_ERROR)
    if (!this.#control(PRIORITY_UPDATE)) return
    const value = payload.toString('latin1', 4, Math.min(payload.length, 260))
    const stream = this.#streams.get(about)
    if (stream !== undefined) stream.priority = parsePriority(value)
    else if (about > this.#lastStream) {
      if (this.#earlyPriorities.size < http2Limits.earlyPrioritiesMax)
        this.#earlyPriorities.set(about, value)
      else this.#fault()
    }
  }

  /** The client begins no more streams; it reads the answers that are on their way. */
  #goaway(stream: number, payload: Buffer): void {
    if (stream !== 0) return void this.#fail(PROTOCOL_ERROR)
    if (payload.length < 8) return void this.#fail(FRAME_SIZE_ERROR)
    if (!this.#control(GOAWAY)) return
    this.#isDraining = true
    if (this.#streams.size === 0) this.#finish()
  }

  // Faults of the client.

  #control(type: number): boolean {
    return this.#faults.control(type, this.traffic.ticker.now) || this.#fail(ENHANCE_YOUR_CALM)
  }

  #fault(): boolean {
    return this.#faults.fault(this.traffic.ticker.now) || this.#fail(ENHANCE_YOUR_CALM)
  }

  /** Resets a stream because of its client, who must not make us work for nothing by that. */
  #streamFault(stream: Http2Stream, code: number): void {
    stream.reset(code)
    if (!this.#faults.reset(this.traffic.ticker.now)) this.#fail(ENHANCE_YOUR_CALM)
  }

  /** Resets a stream that was never processed. */
  #resetUnknown(id: number, code: number): void {
    writeReset(this.output.frames, id, code)
    this.#remember(-id)
  }

  // What streams do.

  passed(bytes: number): void {
    this.#passedBytes += bytes
    if (this.#passedBytes < http2Limits.connectionWindowBytes / 2 || this.isOver) return
    if (this.traffic.http2.receivedBytes > http2Limits.receivedBytesOfAllMax) return
    this.#window += this.#passedBytes
    writeWindowUpdate(this.output.frames, 0, this.#passedBytes)
    this.#passedBytes = 0
  }

  streamOver(stream: Http2Stream, wasReset: boolean): void {
    this.#streams.delete(stream.id)
    this.#remember(wasReset ? -stream.id : stream.id)
    if (stream.hasBegun && !stream.remoteEnded) this.#uploads--
    const at = this.#waiting.length === 0 ? -1 : this.#waiting.indexOf(stream)
    if (at >= 0) {
      this.#waiting.splice(at, 1)
      this.traffic.http2.waitingBytes -= stream.waitingBytes
      if (this.#waiting.length === 0) this.traffic.admission.leave(this)
    }
    if (this.#streams.size > 0 || this.isOver) return
    this.#idleSince = this.traffic.ticker.now
    if (this.#isDraining && this.#goawayBy === never) this.#finish()
    else this.#rearm()
  }

  #remember(id: number): void {
    this.#ended ??= new Int32Array(endedMax)
    this.#ended[this.#endedAt] = id
    this.#endedAt = (this.#endedAt + 1) % endedMax
  }

  #arrived(): void {
    if (!this.#isArriving) return
    this.#isArriving = false
    this.traffic.arriving.release(this)
  }

  // Deadlines and the end.

  #rearm(): void {
    if (this.isOver) return
    const { ticker } = this.traffic
    const next =
      this.#streams.size > 0
        ? ticker.now + http2Limits.checkMs
        : this.#idleSince + this.#rules.timeouts.idleMs
    this.deadline = Math.min(next, this.#ackBy, this.#blockBy, this.#goawayBy)
  }

  expired(now: number): void {
    if (this.#state === 'lingering' || this.#state === 'preface' || this.#state === 'settings')
      return this.#connection.destroy()
    if (now >= this.#blockBy) return void this.#fail(ENHANCE_YOUR_CALM)
    if (now >= this.#ackBy) return void this.#fail(SETTINGS_TIMEOUT)
    if (now >= this.#goawayBy) this.#endDrain()
    for (const stream of [...this.#streams.values()]) stream.check(now)
    this.passed(0)
    if (this.isOver) return
    const isIdle = this.#streams.size === 0 && now >= this.#idleSince + this.#rules.timeouts.idleMs
    if (isIdle) this.#finish()
    else this.#rearm()
  }

  /** Ends the connection at once when no stream is open, else when the present ones have ended. */
  drain(): void {
    if (this.isOver || this.#isDraining) return
    this.#isDraining = true
    if (this.#state !== 'open') return this.#connection.destroy()
    if (this.#streams.size === 0) return this.#finish()
    this.#announceEnd(http2Limits.drainPingMs)
  }

  /** Lets the client go on elsewhere: the streams that it has begun are served, also those that are still on their way. */
  drainGently(): void {
    if (this.isOver || this.#isDraining) return
    this.#isDraining = true
    // Else once its SETTINGS have arrived.
    if (this.#state === 'open') this.#announceEnd(http2Limits.leavePingMs)
  }

  /**
   * The client may have begun streams that have not arrived yet: the first GOAWAY announces the second, behind which it
   * repeats them elsewhere [RFC 9113 6.8].
   */
  #announceEnd(withinMs: number): void {
    writeGoaway(this.output.frames, streamIdMax, NO_ERROR)
    writePing(this.output.frames, ownPing, false)
    this.#goawayBy = this.traffic.ticker.now + withinMs
    this.#rearm()
  }

  #endDrain(): void {
    this.#goawayBy = never
    if (this.#streams.size === 0) return this.#finish()
    this.#acceptedMax = this.#lastStream
    writeGoaway(this.output.frames, this.#lastStream, NO_ERROR)
    this.#rearm()
  }

  /** Ends the connection because of its client. @returns false, for the caller. */
  #fail(code: number): false {
    if (this.isOver) return false
    this.#state = 'lingering'
    countClosing(this.traffic.counters, closingReason(code))
    this.#abandonAll()
    this.#end(code)
    return false
  }

  /** Ends the connection, on which no stream is open. */
  #finish(): void {
    if (this.isOver) return
    this.#state = 'lingering'
    this.#end(NO_ERROR)
  }

  /** Sends the last frame; what still arrives is dropped, so that a reset does not destroy it. */
  #end(code: number): void {
    const { output, traffic } = this
    writeGoaway(output.frames, Math.min(this.#lastStream, this.#acceptedMax), code)
    this.#arrived()
    output.flushLast()
    const { lingerMs, sendMs } = traffic.settings.timeouts
    this.deadline = traffic.ticker.now + (this.#connection.pending > 0 ? sendMs : lingerMs)
    this.#connection.end()
  }

  #drop(length: number): void {
    this.#dropped += length
    if (this.#dropped > http2Limits.lingerBytesMax) this.#connection.destroy()
  }

  #abandonAll(): void {
    for (const stream of [...this.#streams.values()]) stream.abandon()
    this.#newStreams = []
    this.traffic.admission.leave(this)
  }

  /** Cuts the connection. */
  destroy(): void {
    for (const stream of [...this.#streams.values()]) stream.reset(CANCEL)
    this.output.flush()
    this.#connection.destroy()
  }

  drained(): void {
    if (this.#state === 'lingering')
      this.deadline = this.traffic.ticker.now + this.traffic.settings.timeouts.lingerMs
    else this.output.drained()
  }

  ended(): void {
    if (this.#state === 'lingering') return this.#connection.end()
    this.#abandonAll()
    this.#connection.destroy()
  }

  closed(): void {
    this.#state = 'closed'
    this.#abandonAll()
    this.#arrived()
    this.output.drop()
    this.traffic.ticker.delete(this)
    this.#onClosed()
  }

  failed(error: unknown): void {
    this.traffic.fault(error)
  }
}

function refusalOf(
  decoded: 'whole' | 'large',
  problem: RequestProblem | undefined,
): Refusal | undefined {
  if (decoded === 'large') return fieldsLarge
  switch (problem) {
    case 'method':
      return noMethod
    case 'protocol':
      return noProtocol
    case 'malformed':
      return malformed
    case undefined:
      return undefined
  }
}

function closingReason(code: number): 'http2_flood' | 'http2_invalid' | 'http2_timeout' {
  if (code === ENHANCE_YOUR_CALM) return 'http2_flood'
  return code === SETTINGS_TIMEOUT ? 'http2_timeout' : 'http2_invalid'
}

const nothingEnded = new Int32Array(0)
