// One connection to the control listener: requests in order, one at a time, kept alive between them. Its bad
// bytes end it and nothing else; every state that waits has a deadline (mcmp.md decisions 4 to 6).

import type { Socket } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import { type FramedRequest, FrameReader } from '../wire/mcmp/frame.ts'
import type { Caller } from './caller.ts'
import { isForTraffic } from './first-request.ts'
import type { ControlSettings } from './options.ts'
import type { Responder } from './respond.ts'

export class ControlConnection {
  readonly #socket: Socket
  readonly #settings: ControlSettings
  readonly #responder: Responder
  readonly #reader: FrameReader
  readonly #caller: Caller
  /** Until it is decided whose the first request is, where it may be the traffic's. */
  #handOver: ((first: Buffer) => void) | undefined
  #first: Buffer = Buffer.alloc(0)
  #deadline: NodeJS.Timeout | undefined
  /** `reading`: waits for bytes; `working`: on a request; `ending`: drops what still arrives. */
  #state: 'reading' | 'working' | 'ending' = 'reading'
  #midway = false
  #halfClosed = false
  #closing = false

  /** @param handOver takes the connection when its first request is one of the traffic's. */
  constructor(
    socket: Socket,
    caller: Caller,
    settings: ControlSettings,
    responder: Responder,
    handOver?: (first: Buffer) => void,
  ) {
    this.#socket = socket
    this.#caller = caller
    this.#handOver = handOver
    this.#settings = settings
    this.#responder = responder
    this.#reader = new FrameReader({
      ...mcmpLimits,
      messageBytesMax: settings.limits.messageBytesMax,
    })
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    this.#destroyAfter(settings.limits.idleMs)
  }

  /** Ends when the request at hand, if any, is answered. */
  close(): void {
    this.#closing = true
    if (this.#state === 'reading') this.#finish()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #onError = (): void => void this.#socket.destroy()

  readonly #onClose = (): void => clearTimeout(this.#deadline)

  readonly #onData = (bytes: Buffer): void => {
    if (this.#state === 'ending') return
    if (this.#handOver !== undefined) return this.#decide(bytes, this.#handOver)
    this.#reader.push(bytes)
    if (this.#state === 'reading') this.#pump()
  }

  readonly #onEnd = (): void => {
    this.#halfClosed = true
    if (this.#state === 'reading') this.#finish()
  }

  #decide(bytes: Buffer, handOver: (first: Buffer) => void): void {
    if (this.#first.length === 0) this.#destroyAfter(this.#settings.limits.transferMs)
    this.#first = Buffer.concat([this.#first, bytes])
    const isTheirs = isForTraffic(this.#first, this.#settings.registry.snapshot)
    if (isTheirs === undefined) return
    this.#handOver = undefined
    if (!isTheirs) return this.#onData(this.#first)
    const socket = this.#socket
    clearTimeout(this.#deadline)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    handOver(this.#first)
  }

  /** A fault of ours costs this connection, not the process. */
  #pump(): void {
    try {
      this.#step()
    } catch (error) {
      this.#fault(error)
    }
  }

  #fault(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#settings.log.error({ reason }, 'fault: a control connection was cut')
    this.#socket.destroy()
  }

  #step(): void {
    const event = this.#reader.next()
    switch (event?.kind) {
      case 'request':
        this.#work(event.request)
        break
      case 'problem':
        this.#socket.write(this.#responder.refuse(event, this.#caller.peer))
        this.#finish()
        break
      case 'continue':
        this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n')
        this.#wait()
        break
      default:
        this.#wait()
    }
  }

  #work(request: FramedRequest): void {
    this.#state = 'working'
    this.#midway = false
    clearTimeout(this.#deadline)
    this.#socket.pause()
    void this.#responder.respond(request, this.#caller).then(
      ({ bytes, keepAlive }) => this.#send(bytes, keepAlive),
      (error: unknown) => this.#fault(error),
    )
  }

  /** The deadline of a request runs from its first byte; more bytes do not extend it. */
  #wait(): void {
    if (this.#halfClosed) {
      this.#finish()
      return
    }
    if (this.#midway && this.#reader.midway) return
    this.#midway = this.#reader.midway
    this.#destroyAfter(
      this.#midway ? this.#settings.limits.transferMs : this.#settings.limits.idleMs,
    )
  }

  #send(bytes: Uint8Array, keepAlive: boolean): void {
    if (this.#socket.destroyed) return
    this.#destroyAfter(this.#settings.limits.transferMs)
    this.#socket.write(bytes, (error) => {
      if (error) return
      if (!keepAlive || this.#closing) {
        this.#finish()
        return
      }
      this.#state = 'reading'
      this.#socket.resume()
      this.#pump()
    })
  }

  /** Says goodbye, and reads on for a moment: unread bytes at closing would make the kernel drop the reply. */
  #finish(): void {
    if (this.#state === 'ending') return
    this.#state = 'ending'
    this.#socket.end()
    this.#socket.resume()
    this.#destroyAfter(mcmpLimits.lingerMs)
  }

  #destroyAfter(ms: number): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#socket.destroy(), ms)
  }
}
