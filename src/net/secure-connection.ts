// A connection of the data plane over TLS. Bytes come by the stream's events, because a TLS record that is
// being taken apart cannot be paused half-way: a buffer of ours would be overwritten while it is still
// being sent from. Made by the listener for clients and by forward/node/node-connection.ts for nodes.

import net from 'node:net'
import tls from 'node:tls'
import { Connection, type DialReceiver, type Receiver } from './connection.ts'
import type { NodeTls } from './node-tls.ts'

export class SecureConnection extends Connection {
  /** What was written before the other side had shown who it is: nothing is sent to it until then. */
  #held: Uint8Array[] | undefined

  private constructor(socket: tls.TLSSocket, receiver: Receiver) {
    super(socket, receiver)
    this.readEvents()
    socket.on('drain', () => this.#left())
    // Behind an end there is no 'drain'.
    socket.on('finish', () => this.#left())
  }

  /** Takes over an accepted connection whose handshake is done. */
  static acceptSecure(socket: tls.TLSSocket, receiver: Receiver): SecureConnection {
    return new SecureConnection(socket, receiver)
  }

  /** `connected` is called when the node has shown a certificate that will do. */
  static dialSecure(
    host: string,
    port: number,
    nodeTls: NodeTls,
    receiver: DialReceiver,
  ): SecureConnection {
    const options = nodeTls.dialOptions(host, port)
    const socket = tls.connect(Object.assign(options, { allowHalfOpen: true }))
    socket.setNoDelay(true)
    const connection = new SecureConnection(socket, receiver)
    connection.#held = []
    socket.on('session', (session) => nodeTls.remember(host, port, session))
    socket.once('secureConnect', () => {
      const problem = nodeTls.problemWith(socket)
      if (problem !== undefined) socket.destroy(problem)
      else connection.guard(() => connection.#established(receiver))
    })
    return connection
  }

  #established(receiver: DialReceiver): void {
    const held = this.#held ?? []
    this.#held = undefined
    const wasAwaited = this.awaitsDrain
    this.awaitsDrain = false
    for (const bytes of held) this.write(bytes)
    receiver.connected()
    if (wasAwaited && !this.awaitsDrain && !this.destroyed) this.receiver.drained()
  }

  /** Bytes that the caller still has to wait for: below the mark of the stream they count as sent. */
  override get pending(): number {
    if (!this.awaitsDrain) return 0
    return Math.max(1, this.socket.writableLength)
  }

  /** TLS encrypts at once, so the caller may use the bytes again; only what has to wait its turn is copied. */
  override write(bytes: Uint8Array): boolean {
    const { socket } = this
    if (!socket.writable || bytes.length === 0) return true
    if (this.#held !== undefined) {
      this.#held.push(Buffer.from(bytes))
      this.awaitsDrain = true
      return false
    }
    const isSent = socket.write(socket.writableLength === 0 ? bytes : Buffer.from(bytes))
    if (!isSent) this.awaitsDrain = true
    return isSent
  }

  #left(): void {
    if (!this.awaitsDrain || this.#held !== undefined) return
    this.awaitsDrain = false
    if (!this.destroyed) this.guard(() => this.receiver.drained())
  }

  /** TLS has a word for the end, without which what was sent may be taken for cut. */
  override close(): void {
    this.socket.destroySoon()
  }

  /** A reset below TLS, where the socket below can be had; else an end without the word that ends TLS. */
  override reset(): void {
    const { _parent: below } = this.socket as unknown as { _parent?: unknown }
    if (below instanceof net.Socket) below.resetAndDestroy()
    else this.destroy()
  }
}
