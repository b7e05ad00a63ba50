// A connection of the data plane over TLS, to clients and to nodes. Bytes arrive by the stream's `data` events: reading
// cannot be paused inside a TLS record, so a buffer of ours could be overwritten while it is still being sent from.

import type { LookupFunction } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { readPastReset } from '../node-internals/read-past-reset.ts'
import { socketBelow } from '../node-internals/socket-below-tls.ts'
import { Connection, type DialReceiver, type Receiver } from './connection.ts'
import { dialBelow } from './dial-below.ts'
import type { NodeTls } from './node-tls.ts'
import { resetSocket } from './reset-socket.ts'

export class SecureConnection extends Connection {
  override readonly keepsBytes = true
  /** Bytes that were written before the certificate was verified; they are sent after that. */
  #held: Uint8Array[] | undefined

  private constructor(socket: TLSSocket, receiver: Receiver) {
    super(socket, receiver)
    this.readEvents()
    socket.on('drain', () => this.#left())
    // After `end` there is no 'drain'.
    socket.on('finish', () => this.#left())
  }

  /** @param socket accepted, with its handshake done. */
  static acceptSecure(socket: TLSSocket, receiver: Receiver): SecureConnection {
    return new SecureConnection(socket, receiver)
  }

  /**
   * Calls `connected` when the node's certificate has been verified.
   * @param lookup for a host that is a name; `undefined`: that of the system.
   * @param first bytes that begin the connection, before TLS.
   * @param protocols offered by ALPN. Default HTTP/1.1.
   */
  static dialSecure(
    host: string,
    port: number,
    nodeTls: NodeTls,
    receiver: DialReceiver,
    lookup?: LookupFunction,
    first?: Buffer,
    protocols?: readonly string[],
  ): SecureConnection {
    const options = Object.assign(nodeTls.dialOptions(host, port, protocols), {
      allowHalfOpen: true,
      lookup,
    })
    const socket = tls.connect(first === undefined ? options : dialBelow(options, first))
    socket.setNoDelay(true)
    readPastReset(socket)
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

  /** Bytes that the caller has to wait for; those below the stream's high-water mark count as sent. */
  override get pending(): number {
    if (!this.awaitsDrain) return 0
    return Math.max(1, this.socket.writableLength)
  }

  /** TLS encrypts at once, so the caller may reuse the bytes; only bytes that have to wait are copied. */
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

  /** Sends close_notify first: without it the remote side may treat the data as truncated [RFC 8446 6.1]. */
  override close(): void {
    this.socket.destroySoon()
  }

  /** Resets the TCP connection below; where that cannot be reached, ends it without close_notify. */
  override reset(): void {
    const socket = this.socket as TLSSocket
    const below = socketBelow(socket)
    if (below === undefined) return resetSocket(socket)
    const isEstablished = !below.connecting && !below.destroyed
    resetSocket(below)
    if (!isEstablished) this.destroy()
  }
}
