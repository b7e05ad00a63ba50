// One connection to the control listener: its requests are answered in order, one at a time. Invalid bytes end
// this connection and nothing else; every state that waits has a deadline (mcmp.md decisions 4 to 6).

import type { Socket } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import { type FramedRequest, FrameReader } from '../wire/mcmp/frame.ts'
import type { Caller } from './caller.ts'
import type { ControlCounts } from './counts.ts'
import { isForTraffic, withoutEmptyLines } from './first-request.ts'
import type { ControlSettings } from './options.ts'
import type { Stream } from './page-response.ts'
import type { Responder } from './responder.ts'
import { StreamReader } from './stream-reader.ts'

/** The listener's part in a connection. */
interface ConnectionCalls {
  /** The connection begins to wait for a request or for its end, or works on a request. */
  readonly waits: (isWaiting: boolean) => void
  /** Called with the bytes received when the first request is for the traffic. */
  readonly passToTraffic: ((first: Buffer) => void) | undefined
}

export class ControlConnection {
  readonly #socket: Socket
  readonly #settings: ControlSettings
  readonly #responder: Responder
  readonly #counts: ControlCounts
  readonly #reader: FrameReader
  readonly #caller: Caller
  readonly #waits: (isWaiting: boolean) => void
  /** On a shared port, until the first request shows whether the connection is for the traffic. */
  #passToTraffic: ((first: Buffer) => void) | undefined
  /** The bytes received until then. */
  #first: Buffer = Buffer.alloc(0)
  #deadline: NodeJS.Timeout | undefined
  /**
   * `reading`: waits for a request; `answering`: a request is in progress; `streaming`: its response has no end; `ending`:
   * drops what still arrives.
   */
  #state: 'reading' | 'answering' | 'streaming' | 'ending' = 'reading'
  /** Whether the deadline that runs is that of a request which has begun to arrive. */
  #midway = false
  #halfClosed = false
  /** A request was answered on this connection. */
  #hasAnswered = false
  /** While `ending`, ms of the clock. */
  #lingerUntil = 0
  #closing = false

  constructor(
    socket: Socket,
    caller: Caller,
    settings: ControlSettings,
    responder: Responder,
    counts: ControlCounts,
    { waits, passToTraffic }: ConnectionCalls,
  ) {
    const { messageBytesMax, idleMs } = settings.limits
    this.#waits = waits
    this.#socket = socket
    this.#caller = caller
    this.#passToTraffic = passToTraffic
    this.#settings = settings
    this.#responder = responder
    this.#counts = counts
    this.#reader = new FrameReader({ ...mcmpLimits, messageBytesMax })
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    this.#destroyAfter(idleMs)
  }

  /** Ends when the request in progress, if any, is answered. */
  close(): void {
    this.#closing = true
    if (this.#state === 'reading' || this.#state === 'streaming') this.#finish()
  }

  /** Ends when the next request is answered of which something has arrived, and the first one in any case. */
  leave(): void {
    this.#closing = true
    if (this.#state === 'reading' && !this.isExpecting) this.#finish()
  }

  /** The end of the first request, or of the next one, is still to arrive. */
  get isExpecting(): boolean {
    return this.#state === 'reading' && (!this.#hasAnswered || this.#reader.midway)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onError = (): void => void this.#socket.destroy()

  readonly #onClose = (): void => clearTimeout(this.#deadline)

  readonly #onData = (bytes: Buffer): void => {
    if (this.#state === 'ending') return this.#discarded()
    if (this.#state === 'streaming') return
    if (this.#passToTraffic !== undefined) return this.#readFirst(bytes, this.#passToTraffic)
    this.#reader.push(bytes)
    if (this.#state === 'reading') this.#process()
    // A sender that does not wait for the answer.
    else this.#socket.pause()
  }

  readonly #onEnd = (): void => {
    this.#halfClosed = true
    if (this.#state === 'reading' || this.#state === 'streaming') this.#finish()
  }

  #readFirst(bytes: Buffer, passToTraffic: (first: Buffer) => void): void {
    if (this.#first.length === 0) this.#destroyAfter(this.#settings.limits.transferMs)
    this.#first = withoutEmptyLines(Buffer.concat([this.#first, bytes]))
    const isTraffic = isForTraffic(this.#first, this.#settings.registry.snapshot)
    if (isTraffic === undefined) return
    this.#passToTraffic = undefined
    if (!isTraffic) return this.#onData(this.#first)
    this.#detach()
    passToTraffic(this.#first)
  }

  #detach(): void {
    clearTimeout(this.#deadline)
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
  }

  /** Processes the next request among the received bytes, or waits for more bytes. */
  #process(): void {
    try {
      const event = this.#reader.next()
      switch (event?.kind) {
        case 'request':
          return this.#answer(event.request)
        case 'problem':
          this.#socket.write(this.#responder.respondToProblem(event, this.#caller.remote))
          return this.#finish()
        case 'continue':
          this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n')
          return this.#wait()
        default:
          return this.#wait()
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #answer(request: FramedRequest): void {
    this.#state = 'answering'
    this.#waits(false)
    this.#midway = false
    clearTimeout(this.#deadline)
    this.#responder.respond(request, this.#caller).then(
      ({ bytes, keepAlive, stream }) =>
        stream === undefined ? this.#write(bytes, keepAlive) : this.#stream(bytes, stream),
      (error: unknown) => this.#fail(error),
    )
  }

  #write(bytes: Uint8Array, keepAlive: boolean): void {
    if (this.#socket.destroyed) return
    this.#socket.write(bytes, (error) => {
      if (error) return
      if (!keepAlive || this.#closing) return this.#finish()
      this.#state = 'reading'
      this.#hasAnswered = true
      this.#waits(true)
      if (this.#socket.isPaused()) this.#socket.resume()
      this.#process()
    })
    // The kernel takes nearly every reply at once.
    if (this.#socket.writableLength > 0) this.#destroyAfter(this.#settings.limits.transferMs)
  }

  /** Until the client leaves, or does not read what is written. */
  #stream(head: Uint8Array, stream: Stream): void {
    const socket = this.#socket
    if (socket.destroyed) return
    this.#state = 'streaming'
    socket.resume()
    socket.write(head)
    const { clock, limits } = this.#settings
    const parts = { clock, counts: this.#counts, transferMs: limits.transferMs }
    const end = stream(new StreamReader(socket, this.#caller.remote, parts))
    if (end !== undefined) socket.once('close', end)
    if (this.#closing || end === undefined) this.#finish()
  }

  /** The deadline of a request runs from its first byte; further bytes do not extend it. */
  #wait(): void {
    if (this.#halfClosed) return this.#finish()
    if (this.#midway && this.#reader.midway) return
    const { transferMs, idleMs } = this.#settings.limits
    this.#midway = this.#reader.midway
    this.#destroyAfter(this.#midway ? transferMs : idleMs)
  }

  /** Reads on for a moment: unread bytes at closing would make the kernel drop the response. */
  #finish(): void {
    if (this.#state === 'ending') return
    this.#state = 'ending'
    this.#waits(true)
    this.#socket.end()
    this.#socket.resume()
    this.#lingerUntil = this.#settings.clock.now() + this.#settings.limits.transferMs
    this.#destroyAfter(mcmpLimits.lingerMs)
  }

  /** A caller that is still sending reads the response after that. */
  #discarded(): void {
    if (this.#settings.clock.now() < this.#lingerUntil) this.#deadline?.refresh()
  }

  /** A fault of ours ends this connection, not the process. */
  #fail(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#settings.log.error({ reason }, 'fault: a control connection was cut')
    this.#socket.destroy()
  }

  #destroyAfter(ms: number): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#socket.destroy(), ms)
  }
}
