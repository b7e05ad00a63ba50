// Two connections joined by an upgrade: bytes pass both ways, with backpressure, until both connections have closed or
// no bytes have passed for too long. Each of them may be a stream of HTTP/2 (shared/stream-tunnel.ts). The client of a WebSocket
// gets a Close frame when the node has gone without one, or the proxy itself ends it, unless another frame is under way.

import { httpLimits } from '../../base/limits.ts'
import type { Receiver } from '../../net/connection.ts'
import type { Timed } from '../../net/ticker.ts'
import type { BodyRelay } from '../../wire/http/body-relay.ts'
import { Out } from '../../wire/http/out.ts'
import { goingAway, type WebSocketFrames } from '../../wire/websocket-frames.ts'
import type { TunnelSide } from '../shared/tunnel-side.ts'
import type { Traffic } from '../traffic/traffic.ts'

/** What it uses of the exchange. */
interface TunnelExchange {
  /** Its rest keeps its framing when the node has switched before its end. */
  readonly requestBody: BodyRelay
  /** Where the node accepts connections. */
  readonly nodePlace: { readonly host: string; readonly port: number }
  readonly nodeFrames: WebSocketFrames | undefined
}

export class Tunnel implements Timed {
  deadline: number
  readonly #traffic: Traffic
  readonly #ends: readonly [End, End]
  readonly #onClosed: (toNode: number, toClient: number) => void
  #open = 2
  #first: End | undefined
  #isEnding = false

  /** @param onClosed called when both connections have closed, with the bytes that were carried. */
  constructor(
    client: TunnelSide,
    node: TunnelSide,
    exchange: TunnelExchange,
    traffic: Traffic,
    onClosed: (toNode: number, toClient: number) => void,
  ) {
    this.#traffic = traffic
    this.#onClosed = onClosed
    this.#ends = [
      new End(client, node, this, traffic, { body: exchange.requestBody }),
      new End(node, client, this, traffic, webSocketOf(node, exchange)),
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
    if (!this.#isEnding)
      this.deadline = this.#traffic.ticker.now + this.#traffic.settings.timeouts.tunnelMs
  }

  /** Whether no other side than this one has ended yet. */
  isFirst(end: End): boolean {
    this.#first ??= end
    return this.#first === end
  }

  /** The client has been sent a Close frame. */
  ending(): void {
    this.#isEnding = true
    this.deadline = this.#traffic.ticker.now + httpLimits.websocketCloseMs
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

  /** The client of a WebSocket has time to close it. */
  expired(): void {
    const [fromClient, fromNode] = this.#ends
    if (this.#isEnding || !fromNode.sayGoingAway()) return this.destroy()
    fromClient.from.end()
    fromNode.from.destroy()
  }

  destroy(): void {
    this.#ends[1].sayGoingAway()
    for (const end of this.#ends) end.from.destroy()
  }
}

/** A node that sends frames of a WebSocket, and where it accepts connections. */
interface WebSocketSide {
  readonly frames: WebSocketFrames
  readonly host: string
  readonly port: number
}

function webSocketOf(node: TunnelSide, { nodePlace, nodeFrames }: TunnelExchange): EndMore {
  if (nodeFrames === undefined) return {}
  // The address that a name stood for; missing when the connection has been reset by now, and of a stream.
  const host = node.socket?.remoteAddress ?? nodePlace.host
  return { webSocket: { frames: nodeFrames, host, port: nodePlace.port } }
}

interface EndMore {
  readonly body?: BodyRelay
  readonly webSocket?: WebSocketSide
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
  readonly #webSocket: WebSocketSide | undefined
  #saidGoingAway = false
  /** Whether the node has gone. */
  #isAsking = false
  #cut = (): void => {}

  constructor(
    from: TunnelSide,
    to: TunnelSide,
    tunnel: Tunnel,
    traffic: Traffic,
    { body, webSocket }: EndMore,
  ) {
    this.from = from
    this.#to = to
    this.#tunnel = tunnel
    this.#traffic = traffic
    this.#body = body
    this.#webSocket = webSocket
  }

  nextBuffer(): Buffer {
    return this.#traffic.buffers.shared
  }

  received(bytes: Buffer, length: number): void {
    this.#tunnel.moved()
    this.bytes += length
    const relayed = this.#relayed(bytes, length)
    if (relayed === undefined) return this.#tunnel.destroy()
    this.#webSocket?.frames.passed(bytes, 0, length)
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
    this.#endOther(() => this.#to.end())
  }

  /** @returns whether the client of a WebSocket has been sent a Close frame. */
  sayGoingAway(): boolean {
    if (this.#webSocket?.frames.mayClose !== true) return false
    // There is none behind it.
    this.#webSocket.frames.passed(goingAway, 0, goingAway.length)
    this.#saidGoingAway = true
    this.#to.write(goingAway)
    this.#tunnel.ending()
    return true
  }

  /** @param cut what is done unless the other side is a client whose WebSocket is closed first. */
  #endOther(cut: () => void): void {
    const isFirst = this.#tunnel.isFirst(this)
    if (this.#saidGoingAway) return this.#to.end()
    this.#cut = cut
    if (this.#isAsking) return
    if (!isFirst || this.#webSocket?.frames.mayClose !== true) return cut()
    this.#isAsking = true
    const { host, port } = this.#webSocket
    this.#traffic.goneNodes.ask(host, port, (isGone) => {
      this.#isAsking = false
      if (isGone && this.sayGoingAway()) this.#to.end()
      else this.#cut()
    })
  }

  failed(error: unknown): void {
    this.#tunnel.failed(error)
  }

  closed(error: Error | undefined): void {
    if (this.from.socket !== undefined) this.#traffic.paused.delete(this.from.socket)
    this.#endOther(() => (error === undefined ? this.#to.end() : this.#to.destroy()))
    this.#tunnel.closed()
  }
}
