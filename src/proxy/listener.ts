// One listening socket of the traffic, with the client connections that it has accepted. Room for them: client-room.ts.

import net from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import { countClosing } from '../cluster/traffic-counts.ts'
import { ClientConnection, ProxyRules, type Traffic } from '../forward/index.ts'
import { AcceptHandles, type CopyHandle } from '../net/accept-handles.ts'
import { unixClient } from '../net/address.ts'
import { type ListenAddress, listenAt, listenBacklog } from '../net/listen-at.ts'
import { TlsAcceptor, type TlsServerOptions } from '../net/tls-acceptor.ts'
import { type ListenHandle, listenHandleOf } from '../node-internals/listen-handle.ts'
import type { ClientRoom } from './client-room.ts'

/** Where a listener listens; `tls`: clients use TLS. */
export type Address = ListenAddress

/** Listening sockets that another process has opened, or that it keeps open when this one ends. */
export interface SharedSockets {
  /** The socket for the address at this position of `listen`; undefined: this process opens it. */
  kept(index: number): ListenHandle | undefined
  /** This process has opened the address at this position, or uses the socket that was kept. */
  listening(index: number, handle: ListenHandle): void
  /** Copies the handle of such a socket, so that more connections are accepted at a time while many wait. */
  readonly copy?: CopyHandle
}

/** The part of one listener. */
export interface SharedSocket {
  readonly sockets: SharedSockets
  readonly index: number
  /** Number of further handles. */
  readonly copies: number
}

/** Connections looked at for one that is idle; the next search goes on behind them. */
const looksMax = 64

export class Listener {
  readonly #traffic: Traffic
  readonly #room: ClientRoom
  readonly #rules: ProxyRules
  readonly #shared: SharedSocket | undefined
  readonly #server: net.Server
  readonly #connections: Set<ClientConnection> = new Set()
  /** Where the search for an idle connection goes on. */
  #cursor: Iterator<ClientConnection> | undefined
  /** Where clients use TLS. */
  readonly #acceptor: TlsAcceptor | undefined
  #handles: AcceptHandles | undefined
  /** It listens on a unix socket. */
  #isUnix = false
  #endTicks: (() => void) | undefined
  /** While draining: called when a connection has closed. */
  #onClosed: (() => void) | undefined

  /** @throws Error of OpenSSL when the TLS options cannot be used. */
  constructor(
    traffic: Traffic,
    room: ClientRoom,
    tls: TlsServerOptions | undefined,
    shared: SharedSocket | undefined,
  ) {
    this.#traffic = traffic
    this.#room = room
    room.idle.add(this.#closeIdle)
    this.#rules = new ProxyRules(traffic)
    this.#shared = shared
    if (tls !== undefined) this.#acceptor = this.#acceptorOf(tls)
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true })
    this.#server.on('connection', (socket) => this.#accepted(socket))
  }

  /** Rejects with TopspinError LISTEN, with the system's error as cause. */
  async listen(address: Address): Promise<Address> {
    this.#isUnix = isUnixAddress(address.host)
    const kept = this.#shared?.sockets.kept(this.#shared.index)
    try {
      const bound = await listenAt(this.#server, address, kept)
      this.#server.on('error', (error) => {
        this.#traffic.log.error({ reason: error.message }, 'cannot accept connections')
      })
      this.#share()
      return bound
    } catch (cause) {
      const text = `cannot listen on ${hostPortText(address)}: ${(cause as Error).message}`
      throw new TopspinError('LISTEN', text, { side: 'proxy', phase: 'accept', cause })
    }
  }

  #share(): void {
    if (this.#shared === undefined) return
    const { sockets, index, copies } = this.#shared
    const handle = listenHandleOf(this.#server)
    if (handle !== undefined) sockets.listening(index, handle)
    if (copies === 0 || sockets.copy === undefined) return
    const handles = new AcceptHandles(this.#server, listenBacklog, copies, sockets.copy)
    this.#handles = handles
    this.#endTicks = this.#traffic.ticker.onTick(() => handles.tick())
  }

  /** Serves a connection that another listener has accepted; `first` was read from it. */
  accept(socket: net.Socket, first: Buffer): void {
    if (this.#admit(socket)) this.#serve(socket).connection.feed(first)
  }

  #accepted(socket: net.Socket): void {
    this.#handles?.accepted()
    if (!this.#admit(socket)) return
    if (this.#acceptor === undefined) {
      this.#serve(socket)
      return
    }
    const { arriving, ticker } = this.#traffic
    const remote = this.#remoteOf(socket)
    arriving.hold(remote, socket, ticker.now)
    this.#acceptor.accept(socket, remote)
  }

  #remoteOf(socket: net.Socket): string {
    return this.#isUnix ? unixClient : (socket.remoteAddress ?? '')
  }

  /** @returns false when there is no room: the connection has been closed. */
  #admit(socket: net.Socket): boolean {
    if (this.#room.admit(this.#remoteOf(socket))) return true
    socket.destroy()
    return false
  }

  #serve(socket: net.Socket): ClientConnection {
    const connection = new ClientConnection(socket, this.#traffic, this.#rules, this.#closed)
    this.#connections.add(connection)
    return connection
  }

  readonly #closed = (connection: ClientConnection): void => {
    if (this.#connections.delete(connection)) this.#room.open--
    this.#onClosed?.()
  }

  readonly #closeIdle = (): boolean => {
    for (let looks = 0; looks < looksMax; looks++) {
      this.#cursor ??= this.#connections.values()
      const { value, done } = this.#cursor.next()
      if (done === true) this.#cursor = undefined
      else if (value.isDormant) {
        value.drain()
        return true
      }
    }
    return false
  }

  #acceptorOf(tls: TlsServerOptions): TlsAcceptor {
    const { settings, arriving, counters, log, clock } = this.#traffic
    const crowded = new ThrottledLog(log, clock, 'too many TLS handshakes in progress')
    return new TlsAcceptor(tls, settings.timeouts.headMs, {
      secured: (socket, problem, raw) => {
        arriving.release(raw)
        const connection = this.#serve(socket)
        if (problem !== undefined) connection.bar()
      },
      lost: (raw) => {
        arriving.release(raw)
        this.#room.open--
        this.#onClosed?.()
      },
      failed: (client, failure, detail) => {
        countClosing(counters, `handshake_${failure}`)
        if (failure === 'displaced' || failure === 'refused') crowded.warn({ client, failure })
        else log.debug({ client, failure, detail }, 'TLS handshake failed')
      },
    })
  }

  /** Uses other certificates for new handshakes. Without effect on a listener without TLS. */
  replaceTls(tls: TlsServerOptions): void {
    this.#acceptor?.replace(tls)
  }

  /** Accepts nothing more and closes idle connections; resolves when the others have closed. */
  async drain(): Promise<void> {
    this.#stopAccepting()
    this.#acceptor?.drain()
    for (const connection of this.#connections) connection.drain()
    if (this.#open === 0) return
    await new Promise<void>((resolve) => {
      this.#onClosed = () => {
        if (this.#open === 0) resolve()
      }
    })
  }

  /** Cuts all connections. */
  close(): void {
    this.#stopAccepting()
    this.#acceptor?.close()
    for (const connection of this.#connections) connection.destroy()
  }

  #stopAccepting(): void {
    this.#room.idle.delete(this.#closeIdle)
    this.#endTicks?.()
    this.#handles?.close()
    this.#server.close()
  }

  /** Connections that have not closed, those within their handshake included. */
  get #open(): number {
    return this.#connections.size + (this.#acceptor?.pending ?? 0)
  }
}
