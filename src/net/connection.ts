// A TCP connection as the data plane uses it: bytes arrive in a buffer that is ours (`onread`), with
// no stream machinery between, and are only good during the call. Who receives is an object that lives
// as long as the connection. The same over TLS: secure-connection.ts.

import net from 'node:net'

export interface Receiver {
  /** bytes[0..length) have arrived. They are overwritten after the call. */
  received(bytes: Buffer, length: number): void
  /** The peer sends no more. */
  ended(): void
  /** All that was written has left. */
  drained(): void
  /** The connection is gone; nothing is called after this. `error` when it was cut. */
  closed(error: Error | undefined): void
  /** Where the next bytes shall go. */
  nextBuffer(): Buffer
  /** One of the calls above threw, which is a fault of ours. The connection is cut; `closed` follows. */
  failed(error: unknown): void
}

/** Of an outgoing connection also that it stands. */
export interface DialReceiver extends Receiver {
  connected(): void
}

/** By what an event of a socket finds its connection: the listeners are the same functions for all of them. */
const connectionOf = Symbol('connection')

type Owned = net.Socket & { [connectionOf]: Connection }

export class Connection {
  readonly socket: net.Socket
  protected receiver: Receiver
  protected awaitsDrain = false
  #reading = true
  #error: Error | undefined
  /** Somebody else receives, by the stream's own events. */
  #isReleased = false
  #isReceiving = false
  #passing: Buffer | undefined

  protected constructor(socket: net.Socket, receiver: Receiver) {
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
    // Over TLS: an end inside the handshake is an error, which is on its way.
    if (this.destroyed) return
    if (isReset(this)) this.destroy(new Error('connection reset behind its last bytes'))
    else connection.guard(() => connection.receiver.ended())
  }

  static readonly #closed = function (this: Owned): void {
    const connection = this[connectionOf]
    connection.guard(() => connection.receiver.closed(connection.#error))
  }

  /** Takes over a connection accepted by a server with `pauseOnConnect` and `allowHalfOpen`. */
  static accept(socket: net.Socket, receiver: Receiver): Connection {
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

  /** Takes over a socket that Node.js has read from before: one that an HTTP server gives away for an upgrade. */
  static take(socket: net.Socket, receiver: Receiver): Connection {
    const connection = new Connection(socket, receiver)
    socket.on('data', (bytes: Buffer) => {
      if (!connection.#read(bytes, bytes.length)) socket.pause()
    })
    return connection
  }

  /** Bytes that were read before this connection was taken over. */
  feed(bytes: Buffer): void {
    if (!this.#read(bytes, bytes.length)) this.socket.pause()
  }

  static dial(host: string, port: number, receiver: DialReceiver): Connection {
    let connection: Connection | undefined
    const socket = net.connect({
      host,
      port,
      allowHalfOpen: true,
      noDelay: true,
      onread: {
        buffer: () => (connection === undefined ? receiver : connection.receiver).nextBuffer(),
        callback: (length: number, bytes: Uint8Array): boolean =>
          connection === undefined ? true : connection.#read(bytes as Buffer, length),
      },
    } as net.NetConnectOpts)
    connection = new Connection(socket, receiver)
    const dialled = connection
    socket.once('connect', () => dialled.guard(() => receiver.connected()))
    return connection
  }

  /** Whether `accept` gets at the bytes of this socket without its stream, of which nothing has been read yet. */
  static isDirect(socket: net.Socket): boolean {
    internals ??= internalsOf(socket)
    return internals !== 'none' && typeof handleOf(socket)?.useUserBuffer === 'function'
  }

  /**
   * Passes bytes, which must stay as they are, on to whoever listens to the socket's stream: once the present
   * call of `received` is over, so that what a listener throws is not taken for a fault of ours.
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
    // What waits for a reader, or for one that has paused, must stay in front.
    if (socket.readableFlowing !== true || socket.readableLength > 0) return socket.push(bytes)
    socket.emit('data', bytes)
    return this.#reading
  }

  /** Lets go of the socket: from now on it is as if it had never been accepted here. The receiver hears nothing more. */
  release(): void {
    const { socket } = this
    this.#isReleased = true
    this.resume()
    socket.off('error', Connection.#failed)
    socket.off('end', Connection.#ended)
    socket.off('close', Connection.#closed)
  }

  /** Receives by the stream's own events: each piece in a buffer of its own. */
  protected readEvents(): void {
    this.socket.on('data', (bytes: Buffer) => {
      if (!this.#read(bytes, bytes.length)) this.socket.pause()
    })
  }

  /** From now on another object receives. */
  handTo(receiver: Receiver): void {
    this.receiver = receiver
  }

  get destroyed(): boolean {
    return this.socket.destroyed
  }

  /** Bytes written that have not left yet. */
  get pending(): number {
    return this.socket.writableLength
  }

  /**
   * Sends bytes, which must stay as they are until they have left.
   * @returns true when they have; otherwise `drained` will be called.
   */
  write(bytes: Uint8Array): boolean {
    const { socket } = this
    if (!socket.writable) return true
    socket.write(bytes)
    if (socket.writableLength === 0) return true
    if (!this.awaitsDrain) this.#awaitDrain()
    return false
  }

  /** 'drain' comes only after a write that filled the queue; an empty write marks the end of any queue. */
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

  /** Sends what is pending, then says that nothing more comes. */
  end(): void {
    // A second end would make Node.js put together an error that nobody reads.
    if (!this.socket.writableEnded) this.socket.end()
  }

  /** Ends both directions; there is nothing pending. */
  close(): void {
    this.socket.destroy()
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy()
  }

  /** Cuts the connection so that the peer sees an error, not an end. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** What one connection's bytes set off never ends the process. */
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

/**
 * libuv reports an end where bytes and a reset arrive together. A connection that was reset has no peer
 * any more; one that the other side alone has ended still has. Nobody may have asked for the address before.
 */
const isReset = (socket: net.Socket): boolean =>
  !socket.destroyed && !socket.writableEnded && socket.remoteAddress === undefined

interface Internals {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

let internals: Internals | 'none' | undefined

/**
 * `onread` for an accepted socket. It is official for outgoing ones only; this sets what `net.connect`
 * would have set, which is the one undocumented step of the data plane.
 * @returns false where this Node.js keeps it elsewhere; the stream's own events serve then, at a higher cost.
 */
function readInto(
  socket: net.Socket,
  generate: () => Buffer,
  callback: (length: number, bytes: Buffer) => boolean,
): boolean {
  internals ??= internalsOf(socket)
  const handle = handleOf(socket)
  if (internals === 'none' || typeof handle?.useUserBuffer !== 'function') return false
  const buffer = generate()
  const fields = socket as unknown as Record<symbol, unknown>
  fields[internals.generator] = generate
  fields[internals.callback] = callback
  fields[internals.buffer] = buffer
  handle.useUserBuffer(buffer)
  return true
}

interface Handle {
  readonly useUserBuffer?: (buffer: Buffer) => void
}

const handleOf = (socket: net.Socket): Handle | null =>
  (socket as unknown as { readonly _handle: Handle | null })._handle

function internalsOf(socket: net.Socket): Internals | 'none' {
  const symbols = Object.getOwnPropertySymbols(socket)
  const named = (name: string): symbol | undefined =>
    symbols.find((symbol) => symbol.description === name)
  const [buffer, callback, generator] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')]
  if (buffer === undefined || callback === undefined || generator === undefined) return 'none'
  return { buffer, callback, generator }
}
