// Two connections joined by an upgrade: bytes pass both ways, with backpressure, until both connections have closed or
// no bytes have passed for too long. One of them may be a stream of HTTP/2 (stream-tunnel.ts).

import type { Socket } from 'node:net'
import type { Connection, Receiver } from '../../net/connection.ts'
import type { Timed } from '../../net/ticker.ts'
import type { BodyRelay } from '../../wire/http/body-relay.ts'
import { Out } from '../../wire/http/out.ts'
import type { Traffic } from '../traffic/traffic.ts'

/** What a tunnel uses of a connection. */
export interface TunnelSide {
  /** Absent when it is a stream. */
  readonly socket: Socket | undefined
  handTo(receiver: Receiver): void
  write(bytes: Uint8Array): boolean
  pause(): void
  resume(): void
  end(): void
  destroy(): void
}

export class Tunnel implements Timed {
  deadline: number
  readonly #traffic: Traffic
  readonly #ends: readonly [End, End]
  readonly #onClosed: (toNode: number, toClient: number) => void
  #open = 2

  /**
   * @param body of the request: its rest keeps its framing when the node has switched before its end.
   * @param onClosed called when both connections have closed, with the bytes that were carried.
   */
  constructor(
    client: TunnelSide,
    node: Connection,
    body: BodyRelay,
    traffic: Traffic,
    onClosed: (toNode: number, toClient: number) => void,
  ) {
    this.#traffic = traffic
    this.#onClosed = onClosed
    this.#ends = [
      new End(client, node, this, traffic, body),
      new End(node, client, this, traffic, undefined),
    ]
    this.deadline = traffic.ticker.now + traffic.settings.timeouts.tunnelMs
    traffic.ticker.add(this)
    for (const end of this.#ends) end.from.handTo(end)
    // The piece of the body that the node has not accepted yet lies in the buffer that the client's bytes are read into.
    if (node.pending === 0) client.resume()
    node.resume()
  }

  /** Bytes that the client sent before the tunnel was open. */
  fromClient(bytes: Buffer): void {
    this.#ends[0].received(bytes, bytes.length)
  }

  moved(): void {
    this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.tunnelMs
  }

  closed(): void {
    if (--this.#open > 0) return
    this.#traffic.ticker.delete(this)
    const [fromClient, fromNode] = this.#ends
    this.#onClosed(fromClient.bytes, fromNode.bytes)
  }

  failed(error: unknown): void {
    this.#traffic.fault(error)
  }

  expired(): void {
    this.destroy()
  }

  destroy(): void {
    for (const end of this.#ends) end.from.destroy()
  }
}

/** One direction. */
class End implements Receiver {
  readonly from: TunnelSide
  /** Received from it. */
  bytes = 0
  readonly #to: TunnelSide
  readonly #tunnel: Tunnel
  readonly #traffic: Traffic
  readonly #body: BodyRelay | undefined

  constructor(
    from: TunnelSide,
    to: TunnelSide,
    tunnel: Tunnel,
    traffic: Traffic,
    body: BodyRelay | undefined,
  ) {
    this.from = from
    this.#to = to
    this.#tunnel = tunnel
    this.#traffic = traffic
    this.#body = body
  }

  nextBuffer(): Buffer {
    return this.#traffic.buffers.shared
  }

  received(bytes: Buffer, length: number): void {
    this.#tunnel.moved()
    this.bytes += length
    const relayed = this.#relayed(bytes, length)
    if (relayed === undefined) return this.#tunnel.destroy()
    if (this.#to.write(relayed)) return
    this.from.pause()
    if (this.from.socket !== undefined) this.#traffic.paused.add(this.from.socket)
  }

  /**
   * A copy, so that ten thousand quiet tunnels share one read buffer instead of having twenty thousand.
   * @returns `undefined` when the body is malformed.
   */
  #relayed(bytes: Buffer, length: number): Buffer | undefined {
    const body = this.#body
    if (body?.done !== false) return Buffer.from(bytes.subarray(0, length))
    const out = new Out(length + 256)
    const behind = body.relay(bytes, 0, length, out)
    if (behind < 0) return undefined
    out.copy(bytes, behind, length)
    return out.content
  }

  /** The bytes that the other direction wrote to `from` have left, so its source may be read again. */
  drained(): void {
    if (this.#to.socket !== undefined) this.#traffic.paused.delete(this.#to.socket)
    this.#to.resume()
  }

  ended(): void {
    this.#to.end()
  }

  failed(error: unknown): void {
    this.#tunnel.failed(error)
  }

  closed(error: Error | undefined): void {
    if (this.from.socket !== undefined) this.#traffic.paused.delete(this.from.socket)
    if (error === undefined) this.#to.end()
    else this.#to.destroy()
    this.#tunnel.closed()
  }
}
