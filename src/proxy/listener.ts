// One listening socket of the traffic, with the client connections that it has accepted. Room for them: client-room.ts.

import net, { type Server, type Socket } from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { hostPortText } from '../base/host-port.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { isUnixAddress, socketPathOf } from '../base/unix-address.ts'
import { countClosing } from '../cluster/traffic-counts.ts'
import {
  ClientConnection,
  identify,
  type ListenerRules,
  ProxyRules,
  type Traffic,
} from '../forward/index.ts'
import { AcceptHandles, type CopyHandle } from '../net/accept-handles.ts'
import { unixClient } from '../net/address.ts'
import { type ClientOrigin, unixOrigin } from '../net/client-origin.ts'
import { type ListenAddress, listenAt, listenBacklog } from '../net/listen-at.ts'
import { resetSocket } from '../net/reset-socket.ts'
import { SocketFiles } from '../net/socket-file.ts'
import { type AcceptorCalls, TlsAcceptor } from '../net/tls-acceptor.ts'
import type { TlsServerOptions } from '../net/tls-options.ts'
import { type ListenHandle, listenHandleOf } from '../node-internals/listen-handle.ts'
import type { ClientRoom } from './client-room.ts'
import { ProxiedClients } from './proxied-clients.ts'

/** Where a listener listens; `tls`: clients use TLS. */
export interface Address extends ListenAddress, ListenerRules {
  /**
   * Addresses and networks of proxies in front: connections come from them alone, and begin with a PROXY header, which
   * names the client. `unix` stands for those on a unix socket. Default: connections are the clients' own.
   */
  readonly proxyProtocol?: readonly string[] | undefined
  /** With `tls`, for this address in place of the option `tls` of the proxy. */
  readonly tlsOptions?: TlsServerOptions | undefined
}

/** Listening sockets that another process has opened, or that it keeps open when this one ends. */
export interface SharedSockets {
  /** The socket for the address with this name (`listenKeys`); undefined: this process opens it. */
  kept(key: string): ListenHandle | undefined
  /** This process has opened the address, or uses the socket that was kept. */
  listening(key: string, handle: ListenHandle): void
  /** Copies the handle of such a socket, so that more connections are accepted at a time while many wait. */
  readonly copy?: CopyHandle
}

/** The part of one listener. */
export interface SharedSocket {
  readonly sockets: SharedSockets
  readonly key: string
  /** Number of further handles. */
  readonly copies: number
}

/** Connections looked at for one that is idle; the next search goes on behind them. */
const looksMax = 64

const nothing = Buffer.alloc(0)

export class Listener {
  readonly #traffic: Traffic
  readonly #room: ClientRoom
  readonly #rules: ProxyRules
  readonly #shared: SharedSocket | undefined
  readonly #server: Server
  readonly #connections: Set<ClientConnection> = new Set()
  /** Where the search for an idle connection goes on. */
  #cursor: Iterator<ClientConnection> | undefined
  /** Since clients have used TLS for the first time. */
  #acceptor: TlsAcceptor | undefined
  #isSecure: boolean
  /** Where it listens. */
  #bound: Address = { host: '', port: 0 }
  #handles: AcceptHandles | undefined
  /** It listens on a unix socket. */
  #isUnix = false
  /** Of the unix socket that this listener has made. */
  readonly #files: SocketFiles = new SocketFiles()
  /** Where proxies in front send PROXY headers. */
  #proxied: ProxiedClients | undefined
  /** As the address says. */
  #own: ListenerRules = {}
  /** The clients of connections within their TLS handshake, where a PROXY header names them. */
  readonly #origins: WeakMap<Socket, ClientOrigin> = new WeakMap()
  #endTicks: (() => void) | undefined
  /** While draining: called when a connection has closed, and resolved when all have. */
  #onClosed: (() => void) | undefined
  #closed: Promise<void> | undefined

  /** @throws Error of OpenSSL when the TLS options cannot be used. */
  constructor(
    traffic: Traffic,
    room: ClientRoom,
    tls: TlsServerOptions | undefined,
    shared: SharedSocket | undefined,
    own: ListenerRules,
  ) {
    this.#traffic = traffic
    this.#room = room
    room.idle.add(this.#closeIdle)
    this.#rules = new ProxyRules(traffic)
    this.replaceRules(own)
    this.#shared = shared
    this.#isSecure = tls !== undefined
    if (tls !== undefined) this.#acceptor = this.#acceptorOf(tls)
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true })
    this.#server.on('connection', (socket) => this.#accepted(socket))
  }

  /** Rejects with TopspinError LISTEN, with the system's error as cause. */
  async listen(address: Address): Promise<Address> {
    this.#isUnix = isUnixAddress(address.host)
    const { proxyProtocol } = address
    this.replaceProxies(proxyProtocol)
    const kept = this.#shared?.sockets.kept(this.#shared.key)
    try {
      const { tls: _, ...bound } = await listenAt(this.#server, address, kept)
      this.#bound = bound
      const path = kept === undefined ? socketPathOf(address.host) : undefined
      if (path !== undefined) this.#files.add(path)
      this.#rules.listener = this.#traffic.requestTimes.listener(hostPortText(bound))
      const { log, clock, counters } = this.#traffic
      const unaccepted = new ThrottledLog(log, clock, 'connection not accepted')
      this.#server.on('error', ({ message }) => {
        counters.shortages++
        unaccepted.warn({ reason: message })
      })
      this.#share()
      return this.address
    } catch (cause) {
      const text = `cannot listen on ${hostPortText(address)}: ${(cause as Error).message}`
      throw new TopspinError('LISTEN', text, { side: 'proxy', phase: 'accept', cause })
    }
  }

  /** The address that it listens on. */
  get address(): Address {
    return this.#isSecure ? { ...this.#bound, tls: true } : this.#bound
  }

  #share(): void {
    if (this.#shared === undefined) return
    const { sockets, key, copies } = this.#shared
    const handle = listenHandleOf(this.#server)
    if (handle !== undefined) sockets.listening(key, handle)
    if (copies === 0 || sockets.copy === undefined) return
    const handles = new AcceptHandles(this.#server, listenBacklog, copies, sockets.copy)
    this.#handles = handles
    this.#endTicks = this.#traffic.ticker.onTick(() => handles.tick())
  }

  /** Serves a connection that another listener has accepted; `first` was read from it. */
  accept(socket: Socket, first: Buffer): void {
    const origin = socket.remotePort === undefined ? unixOrigin : undefined
    if (this.#admit(socket)) this.#serve(socket, origin).connection.feed(first)
  }

  #accepted(socket: Socket): void {
    this.#handles?.accepted()
    const proxied = this.#proxied
    if (proxied?.admits(this.#remoteOf(socket)) === false) {
      socket.on('error', () => {})
      resetSocket(socket)
    } else if (this.#admit(socket)) {
      if (proxied === undefined) return this.#begin(socket, this.#isUnix ? unixOrigin : undefined)
      this.#traffic.arriving.hold(this.#remoteOf(socket), socket, this.#traffic.ticker.now)
      proxied.accept(socket)
    }
  }

  #remoteOf(socket: Socket): string {
    return this.#isUnix ? unixClient : (socket.remoteAddress ?? '')
  }

  /** @returns false when there is no room: the connection has been closed. */
  #admit(socket: Socket): boolean {
    if (this.#room.admit(this.#remoteOf(socket))) return true
    socket.destroy()
    return false
  }

  /** Begins with the TLS handshake, or with requests. @param first what was read of it already. */
  #begin(socket: Socket, origin: ClientOrigin | undefined, first: Buffer = nothing): void {
    if (!this.#isSecure || this.#acceptor === undefined) {
      const { connection } = this.#serve(socket, origin)
      if (first.length > 0) connection.feed(first)
      return
    }
    const { arriving, ticker } = this.#traffic
    const remote = origin?.address ?? this.#remoteOf(socket)
    if (origin !== undefined) this.#origins.set(socket, origin)
    if (first.length > 0) socket.unshift(first)
    arriving.hold(remote, socket, ticker.now)
    this.#acceptor.accept(socket, remote)
  }

  #serve(socket: Socket, origin: ClientOrigin | undefined): ClientConnection {
    const identity = origin && identify(socket, this.#traffic, origin)
    const connection = new ClientConnection(
      socket,
      this.#traffic,
      this.#rules,
      this.#left,
      identity,
    )
    this.#connections.add(connection)
    return connection
  }

  #proxiedBy(proxies: readonly string[]): ProxiedClients {
    const { arriving } = this.#traffic
    return new ProxiedClients(this.#traffic, proxies, this.#isUnix, {
      accepted: (socket, origin, rest) => {
        arriving.release(socket)
        this.#begin(socket, origin, rest)
      },
      lost: (socket) => this.#lost(socket),
    })
  }

  /** A connection has closed before it was served. */
  #lost(socket: Socket): void {
    this.#traffic.arriving.release(socket)
    this.#room.open--
    this.#onClosed?.()
  }

  readonly #left = (connection: ClientConnection): void => {
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
    const calls: AcceptorCalls = {
      secured: (socket, problem, raw, isElsewhere) => {
        arriving.release(raw)
        counters[socket.getProtocol() === 'TLSv1.2' ? 'connectionsTls12' : 'connectionsTls13']++
        const connection = this.#serve(socket, this.#origins.get(raw))
        if (isElsewhere !== undefined) connection.limitNames(isElsewhere)
        if (problem !== undefined) connection.bar()
      },
      lost: (raw) => this.#lost(raw),
      failed: (client, failure, detail) => {
        countClosing(counters, `handshake_${failure}`)
        if (failure === 'displaced' || failure === 'refused') crowded.warn({ client, failure })
        else log.debug({ client, failure, detail }, 'TLS handshake failed')
      },
    }
    return new TlsAcceptor(tls, settings.timeouts.headMs, calls, protocolsOf(this.#rules))
  }

  /** Uses other certificates for new connections; undefined: no TLS. @throws as the constructor; then nothing changes. */
  replaceTls(tls: TlsServerOptions | undefined): void {
    if (tls !== undefined) {
      if (this.#acceptor === undefined) this.#acceptor = this.#acceptorOf(tls)
      else this.#acceptor.replace(tls)
    }
    this.#isSecure = tls !== undefined
  }

  /** Which proxies in front send PROXY headers, see `Address.proxyProtocol`. For new connections. */
  replaceProxies(proxies: readonly string[] | undefined): void {
    this.#proxied = proxies && this.#proxiedBy(proxies)
  }

  /** What the address has in place of the settings. HTTP/2 for new connections, over TLS with `replaceTls`. */
  replaceRules(own: ListenerRules): void {
    this.#own = own
    this.settingsReplaced()
  }

  /** Other settings of the traffic are in force. */
  settingsReplaced(): void {
    const { settings } = this.#traffic
    this.#rules.replace(settings, this.#own)
    if (this.#acceptor === undefined) return
    this.#acceptor.handshakeMs = settings.timeouts.headMs
    this.#acceptor.protocols = protocolsOf(this.#rules)
  }

  /** Accepts nothing more and closes idle connections; resolves when the others have closed. */
  async drain(): Promise<void> {
    this.#stopAccepting()
    this.#rules.closes = true
    this.#proxied?.drain()
    this.#acceptor?.drain()
    for (const connection of this.#connections) connection.drain()
    await this.#allClosed()
  }

  /**
   * Accepts nothing more, while clients go on elsewhere: idle connections get one more response, or stay open until their
   * idle timeout, so that no request is lost on its way. Resolves when all have closed.
   */
  async drainGently(): Promise<void> {
    this.#stopAccepting()
    this.#rules.closes = true
    for (const connection of this.#connections) connection.drainGently()
    await this.#allClosed()
  }

  #allClosed(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#onClosed = () => {
        if (this.#open > 0) return
        this.#room.idle.delete(this.#closeIdle)
        resolve()
      }
      this.#onClosed()
    })
    return this.#closed
  }

  /** Closes an address that is not needed after all, and removes the file that was made for it. */
  discard(): void {
    this.close()
    this.#files.removeAll()
  }

  /** Cuts all connections. */
  close(): void {
    this.#stopAccepting()
    this.#room.idle.delete(this.#closeIdle)
    this.#proxied?.close()
    this.#acceptor?.close()
    for (const connection of this.#connections) connection.destroy()
  }

  #stopAccepting(): void {
    this.#endTicks?.()
    this.#handles?.close()
    this.#server.close()
  }

  /** Connections that have not closed, those before the end of their PROXY header or TLS handshake included. */
  get #open(): number {
    const { size } = this.#connections
    return size + (this.#acceptor?.pending ?? 0) + (this.#proxied?.pending ?? 0)
  }
}

const protocolsOf = ({ acceptsHttp2 }: ProxyRules): readonly string[] =>
  acceptsHttp2 ? ['h2', 'http/1.1'] : ['http/1.1']
