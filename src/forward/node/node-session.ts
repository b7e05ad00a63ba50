// One connection over HTTP/2 to a node, shared by requests: each is a stream of it (node-stream.ts). Frames of the node become
// responses. Sessions are opened and chosen by session-pool.ts.

import type { TopspinError } from '../../base/errors.ts'
import { bareHost } from '../../base/host-port.ts'
import { http2Limits } from '../../base/limits.ts'
import { isSecure, type Node } from '../../cluster/node.ts'
import { Connection, type DialReceiver } from '../../net/connection.ts'
import type { NodeTls } from '../../net/node-tls.ts'
import { SecureConnection } from '../../net/secure-connection.ts'
import type { Timed } from '../../net/ticker.ts'
import {
  CANCEL,
  COMPRESSION_ERROR,
  codeName,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  NO_ERROR,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
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
import {
  initialSettings,
  type RemoteSettings,
  readSettings,
  windowBytesMax,
  writeNodeSettings,
} from '../../wire/http2/settings.ts'
import { Http2Faults } from '../shared/http2-faults.ts'
import { Http2Output } from '../shared/http2-output.ts'
import type { NodeContext } from './node-context.ts'
import {
  closedError,
  connectError,
  goawayError,
  lateError,
  otherProtocolError,
  refusedError,
  resetError,
  unsentError,
} from './node-error.ts'
import type { NodeStream, StreamSession } from './node-stream.ts'

const never = Number.POSITIVE_INFINITY
const streamIdMax = 0x7fff_ffff

/** The sessions of one node. */
export interface SessionOwner {
  readonly node: Node
  readonly context: NodeContext
  readonly nodeTls: NodeTls
  /** Deadline for connecting, and for the answer to a PING, ms. */
  readonly connectMs: number
  /** How long a session may be without a stream, ms. */
  readonly idleMs: number
  /** The node may choose HTTP/1.1 by ALPN, and has: requests are sent again over that. */
  readonly refused: (() => void) | undefined
  /** The node has said how many streams it allows. @param waiting in the order in which they begin. */
  ready(session: NodeSession, waiting: readonly NodeStream[]): void
  /** The session has no stream now. */
  release(session: NodeSession): void
  /** No stream is to be added to it. */
  remove(session: NodeSession): void
  /** A connection is being opened. */
  opened(): void
  /** Its descriptor is free again. */
  closed(): void
}

/**
 * - `connecting`: the connection is not established, or the node's SETTINGS have not arrived.
 * - `open`: streams may begin.
 * - `checked`: nothing has arrived for a while, and streams begin when a PING is answered.
 * - `leaving`: no stream begins; it closes when the present ones have ended.
 * - `closed`: nothing is sent any more.
 */
type State = 'connecting' | 'open' | 'checked' | 'leaving' | 'closed'

export class NodeSession implements StreamSession, DialReceiver, FrameHandler, FieldSink, Timed {
  readonly pool: SessionOwner
  readonly context: NodeContext
  readonly connection: Connection
  readonly output: Http2Output
  readonly settings: RemoteSettings = initialSettings()
  deadline: number
  /** A response has arrived on it. */
  hasServed = false
  #state: State = 'connecting'
  /** The time to connect is over. */
  #late: TopspinError | undefined
  readonly #reader: FrameReader = new FrameReader()
  readonly #decoder: FieldDecoder = new FieldDecoder()
  readonly #faults: Http2Faults
  /** By id. */
  readonly #streams: Map<number, NodeStream> = new Map()
  /** Streams whose requests are sent when the session is open. */
  readonly #waiting: Set<NodeStream> = new Set()
  #nextId = 1
  /** When bytes arrived last, and when it is used for no further stream; ticker time. */
  #receivedAt: number
  readonly #renewAt: number
  /** By when it must be open; never while it is. */
  #readyBy: number
  #idleSince: number
  #isCounted = true
  /** The node's SETTINGS have arrived. */
  #wasOpen = false
  /** Why it has failed. */
  #reason: string | undefined
  // What is being read.
  /** The stream whose bytes are in `context.http2.response`. */
  #current: NodeStream | undefined
  #dataStream: NodeStream | undefined
  #frameBytes = 0
  #dataBytes = 0
  /** Bytes that the node may send, and those that have arrived since the last WINDOW_UPDATE. */
  #window = http2Limits.connectionWindowBytes
  #arrivedBytes = 0
  /** The stream of a field block whose end has not arrived, 0 without. */
  #blockStream = 0
  #blockFlags = 0
  #block: Buffer[] = []
  #blockBytes = 0
  #continuations = 0
  #blockBy = never

  constructor(pool: SessionOwner) {
    this.pool = pool
    const { node, context } = pool
    const { ticker } = context
    this.context = context
    const host = bareHost(node.host)
    const lookup = context.lookupOf(node)
    const protocols = pool.refused === undefined ? ['h2'] : ['h2', 'http/1.1']
    this.connection = isSecure(node)
      ? SecureConnection.dialSecure(
          host,
          node.port,
          pool.nodeTls,
          this,
          lookup,
          undefined,
          protocols,
        )
      : Connection.dial(host, node.port, this, lookup)
    this.output = new Http2Output(this.connection, context.http2, () => ticker.now)
    this.#faults = new Http2Faults(ticker.now)
    this.#receivedAt = ticker.now
    this.#renewAt = ticker.now + http2Limits.sessionMs
    this.#idleSince = ticker.now
    this.deadline = this.#readyBy = ticker.now + pool.connectMs
    ticker.add(this)
    pool.opened()
    this.connection.socket.once('close', () => this.#leave())
    const { frames } = this.output
    frames.raw(preface)
    writeNodeSettings(frames)
  }

  #leave(): void {
    if (this.#isCounted) this.pool.closed()
    this.#isCounted = false
  }

  /** Streams that are open or wait to be. */
  get load(): number {
    return this.#streams.size + this.#waiting.size
  }

  /** The node's SETTINGS have arrived. */
  get isOpen(): boolean {
    return this.#state !== 'connecting'
  }

  /** Whether streams may be added. */
  get isUsable(): boolean {
    return this.#state !== 'leaving' && this.#state !== 'closed'
  }

  get isReady(): boolean {
    return this.#state === 'open' && this.#streams.size < this.settings.streamsMax
  }

  /** Whether the node has been heard of so lately that it is not about to close the connection. */
  get isFresh(): boolean {
    if (this.#state === 'connecting') return true
    return this.context.ticker.now - this.#receivedAt < http2Limits.freshMs
  }

  get isOver(): boolean {
    return this.#state === 'closed'
  }

  // Streams.

  add(stream: NodeStream): void {
    const { ticker } = this.context
    this.#waiting.add(stream)
    if (this.load === 1) this.#rearm()
    const isSilent = ticker.now - this.#receivedAt >= http2Limits.silenceMs
    if (this.#state !== 'open' || !isSilent) return
    this.#state = 'checked'
    this.#readyBy = ticker.now + this.pool.connectMs
    writePing(this.output.frames, ownPing, false)
    this.#rearm()
  }

  begin(stream: NodeStream): number {
    this.#waiting.delete(stream)
    const id = this.#nextId
    this.#nextId += 2
    stream.sendWindow = this.settings.windowBytes
    this.#streams.set(id, stream)
    return id
  }

  grow(stream: NodeStream, bytes: number): void {
    if (!this.isOver) writeWindowUpdate(this.output.frames, stream.id, bytes)
  }

  reset(stream: NodeStream, code: number): void {
    if (!this.isOver) writeReset(this.output.frames, stream.id, code)
    this.remove(stream)
  }

  remove(stream: NodeStream): void {
    this.#waiting.delete(stream)
    this.#streams.delete(stream.id)
    if (this.#current === stream) {
      this.#current = undefined
      this.context.http2.response.clear()
    }
    if (this.isOver) return
    if (this.#waiting.size > 0) return this.#beginWaiting()
    if (this.#streams.size > 0) return
    this.#idleSince = this.context.ticker.now
    if (this.#state === 'leaving' || this.#isWornOut) this.#close()
    else {
      this.#rearm()
      this.pool.release(this)
    }
  }

  #beginWaiting(): void {
    for (const stream of [...this.#waiting]) {
      if (!this.isReady) return
      stream.becomeReady()
    }
  }

  get #isWornOut(): boolean {
    return this.#nextId > streamIdMax - 2 || this.context.ticker.now >= this.#renewAt
  }

  /** Begins no more streams, and closes when the present ones have ended. */
  leave(): void {
    if (!this.isUsable) return
    if (this.load === 0) return this.#close()
    this.#state = this.#state === 'open' ? 'leaving' : this.#state
  }

  /** While it has streams, their deadlines are looked at. */
  #rearm(): void {
    const next =
      this.load === 0
        ? this.#idleSince + this.pool.idleMs
        : this.context.ticker.now + http2Limits.nodeCheckMs
    this.deadline = Math.min(this.#readyBy, this.#blockBy, next)
  }

  // The connection.

  connected(): void {
    const { socket } = this.connection
    if (!isSecure(this.pool.node)) return
    if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') return
    this.pool.remove(this)
    if (this.pool.refused === undefined)
      this.#reason = 'the node does not offer HTTP/2 (h2 by ALPN)'
    else {
      this.pool.refused()
      for (const stream of [...this.#waiting]) stream.fail(otherProtocolError())
    }
    this.connection.destroy()
  }

  nextBuffer(): Buffer {
    return this.context.buffers.shared
  }

  received(bytes: Buffer, length: number): void {
    if (this.isOver) return
    this.#receivedAt = this.context.ticker.now
    this.#reader.read(bytes, 0, length, this)
    this.#deliver()
    if (this.output.controlBytes > http2Limits.controlBytesMax)
      this.#fail(ENHANCE_YOUR_CALM, 'the node does not read')
  }

  drained(): void {
    this.output.drained()
  }

  ended(): void {
    if (this.#state === 'connecting')
      this.#reason = 'the node closed the connection before it sent SETTINGS'
    this.connection.destroy()
  }

  closed(cause: Error | undefined): void {
    this.#state = 'closed'
    this.context.ticker.delete(this)
    this.output.drop()
    this.pool.remove(this)
    const reason = this.#reason
    const error = reason === undefined ? cause : new Error(reason)
    for (const stream of [...this.#waiting]) {
      if (this.#wasOpen)
        stream.fail(unsentError(error?.message ?? 'the node closed the connection'))
      else stream.fail(this.#late ?? connectError(error))
    }
    for (const stream of [...this.#streams.values()]) {
      if (reason === undefined) stream.fail(closedError(cause))
      else stream.failMalformed(reason)
    }
  }

  failed(error: unknown): void {
    this.context.fault(error)
  }

  expired(now: number): void {
    if (this.isOver) this.connection.destroy()
    else if (now >= this.#blockBy) this.#fail(ENHANCE_YOUR_CALM, 'a field block without its end')
    else if (now >= this.#readyBy && !this.#wasOpen && this.#isAwaited()) {
      this.#readyBy = now + this.pool.connectMs
      this.#rearm()
      for (const stream of this.#waiting) stream.check(now)
    } else if (now >= this.#readyBy) {
      this.pool.remove(this)
      if (!this.#wasOpen) this.#late = lateError(this.connection.socket)
      this.connection.destroy()
    } else if (this.load === 0) this.#close()
    else {
      this.#rearm()
      for (const stream of this.#streams.values()) stream.check(now)
      for (const stream of this.#waiting) stream.check(now)
    }
  }

  #isAwaited(): boolean {
    for (const stream of this.#waiting) if (stream.mayWait) return true
    return false
  }

  /** Ends the connection, which has no streams. */
  #close(): void {
    this.#state = 'closed'
    this.pool.remove(this)
    writeGoaway(this.output.frames, 0, NO_ERROR)
    this.output.flushLast()
    this.deadline = this.context.ticker.now + this.context.settings.timeouts.lingerMs
    this.connection.end()
  }

  /** The node has broken a rule: the connection ends, and its responses are invalid. @returns false, for the caller. */
  #fail(code: number, reason: string): false {
    if (this.isOver) return false
    this.#deliver()
    this.#reason = `${reason} (${codeName(code)})`
    this.#state = 'closed'
    this.pool.remove(this)
    writeGoaway(this.output.frames, 0, code)
    this.output.flushLast()
    this.connection.destroy()
    return false
  }

  // Frames.

  frameBegins(type: number, flags: number, stream: number, length: number): boolean {
    if (this.#state === 'connecting' && (type !== SETTINGS || (flags & ACK) !== 0))
      return this.#fail(PROTOCOL_ERROR, 'the node does not speak HTTP/2')
    if (length > http2Limits.frameBytesMax)
      return this.#fail(FRAME_SIZE_ERROR, 'a frame larger than allowed')
    if (this.#blockStream !== 0 && (type !== CONTINUATION || stream !== this.#blockStream))
      return this.#fail(PROTOCOL_ERROR, 'a field block without its end')
    return type === DATA ? this.#dataBegins(stream, length) : true
  }

  #dataBegins(id: number, length: number): boolean {
    this.#frameBytes = length
    this.#dataBytes = 0
    if (this.#isUnknown(id)) return this.#fail(PROTOCOL_ERROR, 'DATA of no stream')
    this.#window -= length
    if (this.#window < 0) return this.#fail(FLOW_CONTROL_ERROR, 'more DATA than allowed')
    this.#arrivedBytes += length
    const stream = this.#streams.get(id)
    this.#dataStream = stream
    // One that was reset here may still send.
    if (stream === undefined) return true
    if (stream.responseEnded) return this.#fail(STREAM_CLOSED, 'DATA behind the end of a stream')
    if (!stream.draw(length)) return this.#fail(FLOW_CONTROL_ERROR, 'more DATA than allowed')
    return true
  }

  /** A stream that this side has not begun. */
  #isUnknown(id: number): boolean {
    return id === 0 || id % 2 === 0 || id >= this.#nextId
  }

  data(bytes: Buffer, from: number, to: number): void {
    this.#dataBytes += to - from
    const stream = this.#dataStream
    if (stream === undefined) return
    this.#turnTo(stream)
    stream.receivedData(bytes, from, to)
  }

  dataEnds(flags: number): void {
    const stream = this.#dataStream
    const isLast = (flags & END_STREAM) !== 0
    this.#growWindow()
    if (!isLast && !this.#faults.data(this.#dataBytes, this.context.ticker.now, true)) {
      this.#fail(ENHANCE_YOUR_CALM, 'too many empty frames')
      return
    }
    if (stream === undefined) return
    this.#turnTo(stream)
    stream.dataEnds(this.#frameBytes - this.#dataBytes, isLast)
  }

  /** A slow client holds up its own stream only, because the connection's window grows whatever is passed on. */
  #growWindow(): void {
    if (this.#arrivedBytes < http2Limits.connectionWindowBytes / 2 || this.isOver) return
    this.#window += this.#arrivedBytes
    writeWindowUpdate(this.output.frames, 0, this.#arrivedBytes)
    this.#arrivedBytes = 0
  }

  badPadding(): void {
    this.#fail(PROTOCOL_ERROR, 'padding longer than its frame')
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
        return this.#continuation(flags, payload)
      case SETTINGS:
        return this.#readSettings(flags, stream, payload)
      case WINDOW_UPDATE:
        return this.#windowUpdate(stream, payload)
      case RST_STREAM:
        return this.#resetByNode(stream, payload)
      case PING:
        return this.#ping(flags, stream, payload)
      case GOAWAY:
        return this.#goaway(stream, payload)
      case PUSH_PROMISE:
        this.#fail(PROTOCOL_ERROR, 'PUSH_PROMISE, which is turned off')
        return
      default:
        this.#control(type)
    }
  }

  #headers(flags: number, id: number, bytes: Buffer, begin: number, end: number): void {
    if (this.#isUnknown(id)) return void this.#fail(PROTOCOL_ERROR, 'HEADERS of no stream')
    let from = begin
    let to = end
    if (flags & PADDED) {
      if (from < to) to -= bytes[from] as number
      from++
    }
    if (flags & WITH_PRIORITY) from += 5
    if (from > to) return void this.#fail(PROTOCOL_ERROR, 'padding longer than its frame')
    this.#blockStream = id
    this.#blockFlags = flags
    if (flags & END_HEADERS) return this.#endBlock(bytes, from, to)
    this.#blockBytes = to - from
    this.#block = [Buffer.from(bytes.subarray(from, to))]
    this.#continuations = 0
    const { ticker, settings } = this.context
    this.#blockBy = ticker.now + settings.timeouts.headMs
    this.#rearm()
  }

  #continuation(flags: number, payload: Buffer): void {
    if (this.#blockStream === 0)
      return void this.#fail(PROTOCOL_ERROR, 'CONTINUATION without a field block')
    this.#blockBytes += payload.length
    const isTooMuch =
      ++this.#continuations > http2Limits.continuationsMax ||
      this.#blockBytes > http2Limits.blockBytesMax
    if (isTooMuch) return void this.#fail(ENHANCE_YOUR_CALM, 'an endless field block')
    this.#block.push(Buffer.from(payload))
    if ((flags & END_HEADERS) === 0) return
    const block = Buffer.concat(this.#block)
    this.#block = []
    this.#blockBy = never
    this.#rearm()
    this.#endBlock(block, 0, block.length)
  }

  /** A whole field block: an interim response, a response, or trailers. */
  #endBlock(block: Buffer, from: number, to: number): void {
    const id = this.#blockStream
    const isLast = (this.#blockFlags & END_STREAM) !== 0
    this.#blockStream = 0
    const stream = this.#streams.get(id)
    if (stream?.responseEnded === true)
      return void this.#fail(STREAM_CLOSED, 'HEADERS behind the end of a stream')
    if (stream !== undefined) this.#turnTo(stream)
    const sink = stream?.beginFields() ?? this
    const decoded = this.#decoder.decode(block, from, to, sink)
    if (decoded === 'invalid') return void this.#fail(COMPRESSION_ERROR, 'an invalid field block')
    if (stream === undefined) return
    this.hasServed = true
    stream.endFields(isLast, decoded === 'large')
  }

  /** Fields of a stream that has been reset here. */
  field(): void {}

  #readSettings(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) return void this.#fail(PROTOCOL_ERROR, 'SETTINGS of a stream')
    if (flags & ACK) {
      if (payload.length > 0) this.#fail(FRAME_SIZE_ERROR, 'SETTINGS of a wrong size')
      else this.#control(SETTINGS)
      return
    }
    if (payload.length > http2Limits.settingsMax * 6)
      return void this.#fail(ENHANCE_YOUR_CALM, 'too many settings')
    if (!this.#control(SETTINGS)) return
    const { windowBytes: before, tableBytes } = this.settings
    const problem = readSettings(payload, this.settings)
    if (problem !== 0) return void this.#fail(problem, 'invalid SETTINGS')
    if (this.settings.tableBytes < tableBytes) this.output.owesTableSize = true
    writeFrameHead(this.output.frames, 0, SETTINGS, ACK, 0)
    const growth = this.settings.windowBytes - before
    for (const each of this.#streams.values()) {
      each.sendWindow += growth
      if (each.sendWindow > windowBytesMax)
        return void this.#fail(FLOW_CONTROL_ERROR, 'a window beyond its limit')
    }
    if (growth > 0) this.output.pump()
    if (this.#state === 'connecting') this.#open()
  }

  #open(): void {
    this.#state = 'open'
    this.#wasOpen = true
    this.#readyBy = never
    this.#rearm()
    this.pool.ready(this, [...this.#waiting])
    this.#beginWaiting()
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4)
      return void this.#fail(FRAME_SIZE_ERROR, 'WINDOW_UPDATE of a wrong size')
    const increment = payload.readUInt32BE(0) & windowBytesMax
    const { output, context } = this
    if (!this.#faults.windowUpdate(output, context.ticker.now))
      return void this.#fail(ENHANCE_YOUR_CALM, 'too many WINDOW_UPDATE frames')
    if (increment === 0) return void this.#fail(PROTOCOL_ERROR, 'WINDOW_UPDATE of 0')
    if (id === 0) {
      output.window += increment
      if (output.window > windowBytesMax)
        return void this.#fail(FLOW_CONTROL_ERROR, 'a window beyond its limit')
    } else {
      if (this.#isUnknown(id)) return void this.#fail(PROTOCOL_ERROR, 'WINDOW_UPDATE of no stream')
      const stream = this.#streams.get(id)
      if (stream === undefined) return
      stream.sendWindow += increment
      if (stream.sendWindow > windowBytesMax)
        return void this.#fail(FLOW_CONTROL_ERROR, 'a window beyond its limit')
    }
    output.pump()
  }

  #resetByNode(id: number, payload: Buffer): void {
    if (payload.length !== 4) return void this.#fail(FRAME_SIZE_ERROR, 'RST_STREAM of a wrong size')
    if (this.#isUnknown(id)) return void this.#fail(PROTOCOL_ERROR, 'RST_STREAM of no stream')
    const stream = this.#streams.get(id)
    if (stream === undefined) return void this.#control(RST_STREAM)
    if (this.#current === stream) this.#deliver()
    const code = payload.readUInt32BE(0)
    stream.fail(code === REFUSED_STREAM ? refusedError() : resetError(code))
  }

  #ping(flags: number, stream: number, payload: Buffer): void {
    if (stream !== 0) return void this.#fail(PROTOCOL_ERROR, 'PING of a stream')
    if (payload.length !== 8) return void this.#fail(FRAME_SIZE_ERROR, 'PING of a wrong size')
    const { output, context } = this
    if (flags & ACK) {
      if (this.#state === 'checked' && payload.equals(ownPing)) this.#open()
      else this.#control(PING)
      return
    }
    // Servers of gRPC measure the round trip while they receive DATA.
    if (this.#faults.ping(output.dataFrames, context.ticker.now))
      writePing(output.frames, payload, true)
    else this.#fail(ENHANCE_YOUR_CALM, 'too many PING frames')
  }

  /** Streams above the last one have not been processed; the others are answered before the connection ends. */
  #goaway(stream: number, payload: Buffer): void {
    if (stream !== 0) return void this.#fail(PROTOCOL_ERROR, 'GOAWAY of a stream')
    if (payload.length < 8) return void this.#fail(FRAME_SIZE_ERROR, 'GOAWAY of a wrong size')
    if (!this.#control(GOAWAY)) return
    this.#deliver()
    const last = payload.readUInt32BE(0) & streamIdMax
    const code = payload.readUInt32BE(4)
    this.#state = 'leaving'
    this.#readyBy = never
    this.#rearm()
    this.pool.remove(this)
    for (const [id, each] of [...this.#streams]) if (id > last) each.fail(goawayError(code))
    for (const each of [...this.#waiting]) each.fail(goawayError(code))
    if (this.load === 0 && !this.isOver) this.#close()
  }

  #control(type: number): boolean {
    return (
      this.#faults.control(type, this.context.ticker.now) ||
      this.#fail(ENHANCE_YOUR_CALM, 'too many control frames')
    )
  }

  // Responses: what one read has of a stream is delivered in one piece.

  #turnTo(stream: NodeStream): void {
    if (this.#current === stream) return
    this.#deliver()
    this.#current = stream
  }

  #deliver(): void {
    const stream = this.#current
    if (stream === undefined) return
    this.#current = undefined
    const out = this.context.http2.response
    try {
      stream.deliver(out)
    } catch (error) {
      out.clear()
      this.context.fault(error)
      this.reset(stream, CANCEL)
      stream.fail(closedError(undefined))
    }
  }
}

const ownPing = Buffer.from('topspin\0')
