// One listening socket of the control service and its connections: admission, then TLS where it is
// configured, then requests and responses. start-control.ts opens one for messages and one for pages alone.

import { createServer, type Server, type Socket } from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { type Endpoint, hostPortText } from '../base/host-port.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import { HeldByAddress } from '../net/held-by-address.ts'
import { type ListenAddress, listenAt } from '../net/listen-at.ts'
import { resetSocket } from '../net/reset-socket.ts'

import type { TlsAcceptor } from '../net/tls-acceptor.ts'
import type { TlsServerOptions } from '../net/tls-options.ts'
import { type ListenHandle, listenHandleOf } from '../node-internals/listen-handle.ts'

import type { Admission } from './admission.ts'
import { type Caller, callerOf } from './caller.ts'
import { ControlConnection } from './connection.ts'
import type { ControlCounts } from './counts.ts'
import type { ControlSettings } from './options.ts'
import type { Responder } from './responder.ts'
import { secureAcceptor } from './secure-acceptor.ts'

/** Of the file of a unix socket: who can connect can register nodes. */
const controlMode = 0o600

export class ControlListener {
  /** As configured; port 0 is any free port. */
  readonly at: ListenAddress
  readonly #settings: ControlSettings
  readonly #responder: Responder
  readonly #admission: Admission
  readonly #counts: ControlCounts
  readonly #acceptsMessages: boolean
  /** It listens on a unix socket. */
  #isUnix = false
  #bound: Endpoint = { host: '', port: 0 }
  readonly #server: Server
  /** Where callers use TLS. */
  #acceptor: TlsAcceptor | undefined
  readonly #connections: Set<ControlConnection> = new Set()
  /** Open sockets. */
  readonly #open: Set<Socket> = new Set()
  /** Those that wait for the end of a handshake or for a request, and so may leave when there are too many. */
  readonly #waiting: HeldByAddress<Socket> = new HeldByAddress()
  readonly #full: ThrottledLog

  /** @throws Error of OpenSSL when the options for TLS cannot be used. */
  constructor(
    at: ListenAddress,
    tls: TlsServerOptions | undefined,
    settings: ControlSettings,
    responder: Responder,
    admission: Admission,
    counts: ControlCounts,
    acceptsMessages: boolean,
  ) {
    const { log, clock } = settings
    this.at = at
    this.#settings = settings
    this.#responder = responder
    this.#admission = admission
    this.#acceptsMessages = acceptsMessages
    this.#counts = counts
    this.#full = new ThrottledLog(log, clock, 'no room for more control connections')
    this.#acceptor = tls && this.#acceptorOf(tls)
    const listening = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true }
    this.#server = createServer(listening, (socket) => this.#accept(socket))
  }

  #acceptorOf(tls: TlsServerOptions): TlsAcceptor {
    return secureAcceptor(tls, this.#settings, this.#counts, (socket, raw) =>
      this.#serve(socket, raw),
    )
  }

  /**
   * @param kept the socket, where another process has opened it.
   * Rejects with a `TopspinError` when the address cannot be listened on.
   */
  async open(kept: ListenHandle | undefined): Promise<void> {
    const { at } = this
    this.#isUnix = isUnixAddress(at.host)
    this.#bound = await listenAt(this.#server, { ...at, mode: at.mode ?? controlMode }, kept).catch(
      (cause: Error) => {
        throw listenError(at, cause)
      },
    )
    // A connection that was not accepted is no reason to end.
    const { log, clock } = this.#settings
    const unaccepted = new ThrottledLog(log, clock, 'control connection not accepted')
    this.#server.on('error', ({ message }) => unaccepted.warn({ reason: message }))
  }

  /** The address that it listens on. */
  get address(): Endpoint {
    const { tls: _, ...place } = this.#bound
    return this.#acceptor === undefined ? place : { ...place, tls: true }
  }

  /**
   * Uses other certificates for new connections; undefined: no TLS.
   * @throws Error of OpenSSL; then nothing changes.
   */
  replaceTls(tls: TlsServerOptions | undefined): void {
    if (tls === undefined) this.#acceptor = undefined
    else if (this.#acceptor === undefined) this.#acceptor = this.#acceptorOf(tls)
    else this.#acceptor.replace(tls)
  }

  /** Closes the connections from addresses that may not connect any more. */
  closeDisallowed(): void {
    for (const socket of this.#open)
      if (!this.#admission.isAllowed(socket.remoteAddress ?? '')) socket.destroy()
  }

  /** Ends when every request in progress is answered, or after the time of one transfer. */
  async close(): Promise<void> {
    this.#acceptor?.close()
    const deadline = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy()
    }, this.#settings.limits.transferMs)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.close()
    await closed
    clearTimeout(deadline)
  }

  /** Its handle on the socket, for another process; undefined where this Node.js keeps it elsewhere. */
  get handle(): ListenHandle | undefined {
    return listenHandleOf(this.#server)
  }

  /** Accepts nothing more, and ends its connections when the requests that are on their way are answered. */
  leave(): void {
    this.#server.close()
    for (const connection of this.#connections) connection.leave()
  }

  /** A request may be on its way, or a connection is within its handshake. */
  get isExpecting(): boolean {
    const isHandshaking = (this.#acceptor?.pending ?? 0) > 0
    return isHandshaking || [...this.#connections].some(({ isExpecting }) => isExpecting)
  }

  #accept(socket: Socket): void {
    const { remote } = this.#callerOf(socket)
    if (!this.#admission.admitConnection(remote)) return refuse(socket)
    if (!this.#makeRoom(remote)) {
      this.#admission.releaseConnection(remote)
      return refuse(socket)
    }
    this.#open.add(socket)
    this.#waiting.hold(remote, socket, this.#settings.clock.now())
    const release = (): void => {
      this.#open.delete(socket)
      this.#waiting.release(socket)
      this.#admission.releaseConnection(remote)
    }
    socket.on('close', release)
    if (this.#acceptor !== undefined) this.#acceptor.accept(socket, remote)
    else {
      this.#serve(socket, socket, release)
      socket.resume()
    }
  }

  #callerOf(socket: Socket): Caller {
    return callerOf(socket, this.#isUnix, this.#acceptsMessages)
  }

  /** @returns false when all connections are at work, or none has waited for long and no address has more. */
  #makeRoom(remote: string): boolean {
    const { clock, limits } = this.#settings
    if (this.#open.size < limits.connectionsMax) return true
    const displaced = this.#waiting.displace(remote, clock.now())
    this.#counts.countRefusal('connections')
    this.#full.warn({ remote, limit: limits.connectionsMax, refused: displaced === undefined })
    if (displaced === undefined) return false
    this.#open.delete(displaced)
    displaced.destroy()
    return true
  }

  /**
   * @param raw the socket that was accepted: `socket`, or the one below it.
   * @param release the listener for the socket's `close`; absent under TLS, where `raw` has it.
   */
  #serve(socket: Socket, raw: Socket, release?: () => void): void {
    const { traffic, clock } = this.#settings
    const { accept } = traffic
    const caller = this.#callerOf(socket)
    const forget = (): void => void this.#connections.delete(connection)
    const passToTraffic = (first: Buffer): void => {
      for (const listener of [forget, release]) {
        if (listener === undefined) continue
        socket.off('close', listener)
        listener()
      }
      accept?.(socket, first)
    }
    const waits = (isWaiting: boolean): void => {
      if (!isWaiting) this.#waiting.release(raw)
      else if (this.#open.has(raw)) this.#waiting.hold(caller.remote, raw, clock.now())
    }
    // Clients never come over TLS here: the traffic has TLS listeners of its own.
    const isShared = this.#acceptsMessages && accept !== undefined && this.#acceptor === undefined
    const connection: ControlConnection = new ControlConnection(
      socket,
      caller,
      this.#settings,
      this.#responder,
      this.#counts,
      { waits, passToTraffic: isShared ? passToTraffic : undefined },
    )
    this.#connections.add(connection)
    socket.on('close', forget)
  }
}

function refuse(socket: Socket): void {
  socket.on('error', () => {})
  resetSocket(socket)
}

const listenError = (at: ListenAddress, cause: Error): TopspinError =>
  new TopspinError(
    'CONTROL_LISTEN_FAILED',
    `cannot listen on ${hostPortText(at)}: ${cause.message}`,
    { side: 'proxy', phase: 'control', cause },
  )
