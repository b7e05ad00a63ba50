// A TCP or unix connection of the data plane: bytes arrive in a buffer of ours (`onread`), without stream machinery between,
// and are valid during the call only. The receiver is an object that lives as long as the connection. Over TLS:
// secure-connection.ts.

import net, { type LookupFunction, type Socket } from 'node:net'
import { type DirectWriter, writeDirectly } from '../node-internals/direct-write.ts'
import { feedSocket } from '../node-internals/feed-socket.ts'
import { readInto } from '../node-internals/read-into.ts'
import { readPastReset } from '../node-internals/read-past-reset.ts'
import { wasReset } from '../node-internals/reset-behind-bytes.ts'
import { dialPlace } from './dial-place.ts'
import { resetSocket } from './reset-socket.ts'

export interface Receiver {
  /** bytes[0..length) have arrived. The buffer is overwritten after the call. */
  received(bytes: Buffer, length: number): void
  /** The remote side sends nothing more. */
  ended(): void
  /** Everything that was written has been sent. */
  drained(): void
  /** The connection is closed; no call follows. `error` when it was cut. */
  closed(error: Error | undefined): void
  /** The buffer for the next bytes. */
  nextBuffer(): Buffer
  /** One of the methods above threw, which is a bug of ours. The connection is cut; `closed` follows. */
  failed(error: unknown): void
}

export interface DialReceiver extends Receiver {
  /** The outgoing connection is established. */
  connected(): void
}

/** Leads from a socket to its connection, so that all sockets share the same listener functions. */
const connectionOf = Symbol('connection')

type Owned = Socket & { [connectionOf]: Connection }

export class Connection implements DirectWriter {
  readonly socket: Socket
  /** Bytes that were passed to `write` may be overwritten after the call. */
  readonly keepsBytes: boolean = false
  protected receiver: Receiver
  protected awaitsDrain = false
  #reading = true
  #error: Error | undefined
  /** Bytes written past the stream that have not been sent. */
  #directBytes = 0
  /** The bytes go to the listeners of the socket's stream. */
  #isReleased = false
  #isReceiving = false
  #passing: Buffer | undefined

  protected constructor(socket: Socket, receiver: Receiver) {
    this.socket = socket
    this.receiver = receiver
    const owned = socket as Owned
    owned[connectionOf] = this
    socket.on('error', Connection.#failed)
    socket.on('end', Connection.#ended)
    socket.on('close', Connection.#closed)
  }

  static readonly #failed = function (this: Owned, cause: Error): void {
    this[connectionOf].#error = cause
  }

  static readonly #ended = function (this: Owned): void {
    const connection = this[connectionOf]
    // Over TLS, an end inside the handshake destroys the socket, and an error follows.
    if (this.destroyed) return
    if (wasReset(this)) this.destroy(new Error('connection reset after its last bytes'))
    else connection.guard(() => connection.receiver.ended())
  }

  static readonly #closed = function (this: Owned): void {
    const connection = this[connectionOf]
    connection.guard(() => connection.receiver.closed(connection.#error))
  }

  /** @param socket accepted by a server with `pauseOnConnect` and `allowHalfOpen`. */
  static accept(socket: Socket, receiver: Receiver): Connection {
    const connection = new Connection(socket, receiver)
    const isDirect = readInto(
      socket,
      () => connection.receiver.nextBuffer(),
      (length, bytes) => connection.#read(bytes, length),
    )
    if (!isDirect) connection.readEvents()
    socket.resume()
    return connection
  }

  /** @param socket one that Node.js has read from before, such as that of an upgraded HTTP connection. */
  static adopt(socket: Socket, receiver: Receiver): Connection {
    const connection = new Connection(socket, receiver)
    socket.on('data', (bytes: Buffer) => {
      if (!connection.#read(bytes, bytes.length)) socket.pause()
    })
    return connection
  }

  /** Receives bytes that were read before this object had the connection. */
  feed(bytes: Buffer): void {
    if (!this.#read(bytes, bytes.length)) this.socket.pause()
  }

  /**
   * @param host a name, an IP address, or `unix:/path`.
   * @param lookup for a host that is a name; `undefined`: that of the system.
   * @param first bytes that begin the connection.
   */
  static dial(
    host: string,
    port: number,
    receiver: DialReceiver,
    lookup?: LookupFunction,
    first?: Buffer,
  ): Connection {
    let connection: Connection | undefined
    const socket = net.connect({
      ...dialPlace(host, port),
      allowHalfOpen: true,
      noDelay: true,
      lookup,
      onread: {
        buffer: () => (connection === undefined ? receiver : connection.receiver).nextBuffer(),
        callback: (length: number, bytes: Uint8Array): boolean =>
          connection === undefined ? true : connection.#read(bytes as Buffer, length),
      },
    } as net.NetConnectOpts)
    readPastReset(socket)
    connection = new Connection(socket, receiver)
    const dialled = connection
    if (first !== undefined) socket.write(first)
    socket.once('connect', () => dialled.guard(() => receiver.connected()))
    return connection
  }

  /**
   * Passes bytes, which must stay as they are, to the listeners of the socket's stream. It does so after the present
   * call of `received`, so that an exception of a listener is not reported as a fault of this class.
   */
  passOn(bytes: Buffer): void {
    this.#passing = this.#passing === undefined ? bytes : Buffer.concat([this.#passing, bytes])
    if (!this.#isReceiving) process.nextTick(() => this.#pass())
  }

  #pass(): boolean {
    const bytes = this.#passing
    const { socket } = this
    if (bytes === undefined || socket.destroyed) return true
    this.#passing = undefined
    return feedSocket(socket, bytes) && this.#reading
  }

  /** Gives the socket up: its stream works as if this object had never existed, and the receiver gets no more calls. */
  release(): void {
    const { socket } = this
    this.#isReleased = true
    this.resume()
    socket.off('error', Connection.#failed)
    socket.off('end', Connection.#ended)
    socket.off('close', Connection.#closed)
  }

  /** Receives by the stream's `data` events, each with a buffer of its own. */
  protected readEvents(): void {
    this.socket.on('data', (bytes: Buffer) => {
      if (!this.#read(bytes, bytes.length)) this.socket.pause()
    })
  }

  /** Replaces the receiver. */
  handTo(receiver: Receiver): void {
    this.receiver = receiver
  }

  get destroyed(): boolean {
    return this.socket.destroyed
  }

  /** Bytes written that have not been sent yet. */
  get pending(): number {
    return this.socket.writableLength + this.#directBytes
  }

  /**
   * Sends bytes, which must stay as they are until they have been sent.
   * @returns true when they have; otherwise `drained` follows.
   */
  write(bytes: Uint8Array): boolean {
    const { socket } = this
    if (!socket.writable) return true
    if (!this.awaitsDrain && isReady(socket)) {
      const pending = writeDirectly(socket, bytes, this)
      if (pending === 0) return true
      if (pending > 0) return this.#awaitDirect(pending)
    }
    socket.write(bytes)
    if (socket.writableLength === 0) return true
    if (!this.awaitsDrain) this.#awaitDrain()
    return false
  }

  /** What is written meanwhile waits in the stream. @returns false, for the caller. */
  #awaitDirect(bytes: number): false {
    this.awaitsDrain = true
    this.#directBytes = bytes
    this.socket.cork()
    return false
  }

  directLeft(): void {
    this.#directBytes = 0
    this.socket.uncork()
    this.#drained()
  }

  /**
   * Node.js emits `drain` only after a write that filled the queue; the callback of an empty write follows any queue.
   */
  #awaitDrain(): void {
    this.awaitsDrain = true
    this.socket.write('', () => this.#drained())
  }

  #drained(): void {
    this.awaitsDrain = false
    if (this.socket.destroyed) return
    if (this.socket.writableLength === 0) this.guard(() => this.receiver.drained())
    else this.#awaitDrain()
  }

  /** No bytes are received until `resume`. */
  pause(): void {
    this.#reading = false
    this.socket.pause()
  }

  resume(): void {
    if (this.#reading) return
    this.#reading = true
    this.socket.resume()
  }

  /** Sends what is pending, then ends our side. */
  end(): void {
    // A second `end` would make Node.js create an error for nothing.
    if (!this.socket.writableEnded) this.socket.end()
  }

  /** Ends both directions. Nothing may be pending. */
  close(): void {
    this.socket.destroy()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Cuts the connection so that the remote side sees an error, not an end. */
  reset(): void {
    resetSocket(this.socket)
  }

  /** An exception cuts this connection and never ends the process. */
  protected guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.socket.destroy(error instanceof Error ? error : new Error(String(error)))
    this.receiver.failed(error)
  }

  #read(bytes: Buffer, length: number): boolean {
    if (this.#isReleased) return this.socket.push(Buffer.from(bytes.subarray(0, length)))
    this.#isReceiving = true
    try {
      this.receiver.received(bytes, length)
    } catch (error) {
      this.#fail(error)
    }
    this.#isReceiving = false
    return this.#passing === undefined ? this.#reading : this.#pass()
  }
}

/** Connected, nothing waits in its stream, and no timeout counts from the last write of that. */
const isReady = (socket: Socket): boolean =>
  socket.writableLength === 0 &&
  socket.writableCorked === 0 &&
  !socket.connecting &&
  (socket.timeout ?? 0) === 0
