// A stream of HTTP/2 as one side of a tunnel [RFC 8441]: DATA instead of the bytes of a connection. Used by
// client/http2-stream.ts and node/node-stream.ts.

import type { Receiver } from '../../net/connection.ts'
import type { TunnelSide } from './tunnel-side.ts'

interface StreamCalls {
  /** Bytes that have not been sent. */
  pending(): number
  /** @returns false when the other side is slower; `drained` follows. */
  send(bytes: Uint8Array, isLast: boolean): boolean
  pause(): void
  resume(): void
  reset(): void
}

export class StreamTunnel implements TunnelSide {
  readonly socket: undefined
  /** Set by `handTo`, which the tunnel calls at once. */
  receiver: Receiver = noReceiver
  readonly #calls: StreamCalls
  #hasEnded = false
  #remoteHasEnded = false
  #isClosed = false

  constructor(calls: StreamCalls) {
    this.#calls = calls
  }

  get pending(): number {
    return this.#calls.pending()
  }

  handTo(receiver: Receiver): void {
    this.receiver = receiver
  }

  write(bytes: Uint8Array): boolean {
    return this.#calls.send(bytes, false)
  }

  pause(): void {
    this.#calls.pause()
  }

  resume(): void {
    this.#calls.resume()
  }

  /** The other side of the tunnel has ended. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#isClosed) return
    this.#calls.send(nothing, true)
    this.#closeIfEnded()
  }

  destroy(): void {
    if (this.#isClosed) return
    this.#calls.reset()
    this.lost()
  }

  // The stream.

  drained(): void {
    if (!this.#isClosed) this.receiver.drained()
  }

  /** The client or node of the stream has ended its side. */
  remoteEnded(): void {
    this.#remoteHasEnded = true
    this.receiver.ended()
    this.#closeIfEnded()
  }

  /** The stream was reset. */
  lost(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.receiver.closed(new Error('the stream was reset'))
  }

  #closeIfEnded(): void {
    if (this.#isClosed || !this.#hasEnded || !this.#remoteHasEnded) return
    this.#isClosed = true
    this.receiver.closed(undefined)
  }
}

const nothing = Buffer.alloc(0)
const ignore = (): void => {}
const noReceiver: Receiver = {
  received: ignore,
  ended: ignore,
  drained: ignore,
  closed: ignore,
  nextBuffer: () => nothing,
  failed: ignore,
}
