// One listening socket of the traffic, with the client connections that it has accepted.

import net from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { ClientConnection, ProxyRules, type Traffic } from '../forward/index.ts'
import { AcceptHandles, type CopyHandle } from '../net/accept-handles.ts'
import { TlsAcceptor, type TlsServerOptions } from '../net/tls-acceptor.ts'

export interface Address {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Clients use TLS. */
  readonly tls?: true
}

/** Client connections of all listeners together. */
export interface ClientCount {
  open: number
  readonly max: number
}

/** More handles for one listening socket, so that more connections are accepted at a time. */
export interface FurtherHandles {
  readonly copy: CopyHandle
  readonly count: number
}

/** Connections that the kernel queues until they are accepted; the system may allow fewer. */
const backlog = 4_096

export class Listener {
  readonly #traffic: Traffic
  readonly #clients: ClientCount
  readonly #rules: ProxyRules
  readonly #further: FurtherHandles | undefined
  readonly #server: net.Server
  readonly #connections: Set<ClientConnection> = new Set()
  /** Where clients use TLS. */
  readonly #acceptor: TlsAcceptor | undefined
  #handles: AcceptHandles | undefined
  #endTicks: (() => void) | undefined
  /** While draining: called when a connection has closed. */
  #onClosed: (() => void) | undefined

  /** @throws Error of OpenSSL when the TLS options cannot be used. */
  constructor(
    traffic: Traffic,
    clients: ClientCount,
    tls: TlsServerOptions | undefined,
    further: FurtherHandles | undefined,
  ) {
    this.#traffic = traffic
    this.#clients = clients
    this.#rules = new ProxyRules(traffic)
    this.#further = further
    if (tls !== undefined) this.#acceptor = this.#acceptorOf(tls)
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true })
    this.#server.on('connection', (socket) => this.#accepted(socket))
  }

  /** @throws TopspinError LISTEN, with the system's error as cause. */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException): void => {
        const text = `cannot listen on ${address.host}:${address.port}: ${cause.message}`
        reject(new TopspinError('LISTEN', text, { side: 'proxy', phase: 'accept', cause }))
      }
      this.#server.once('error', failed)
      this.#server.listen({ host: address.host, port: address.port, backlog }, () => {
        this.#server.off('error', failed)
        this.#server.on('error', (error) => {
          this.#traffic.log.error({ reason: error.message }, 'cannot accept connections')
        })
        this.#addHandles()
        const bound = this.#server.address() as net.AddressInfo
        const tls = this.#acceptor === undefined ? {} : { tls: true as const }
        resolve({ host: bound.address, port: bound.port, ...tls })
      })
    })
  }

  #addHandles(): void {
    if (this.#further === undefined) return
    const { count, copy } = this.#further
    const handles = new AcceptHandles(this.#server, backlog, count, copy)
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
    if (this.#acceptor === undefined) this.#serve(socket)
    else this.#acceptor.accept(socket)
  }

  /** Counts the client. @returns false when there are too many: its connection has been closed. */
  #admit(socket: net.Socket): boolean {
    const clients = this.#clients
    if (clients.open >= clients.max) {
      this.#traffic.counters.connectionsRefused++
      socket.destroy()
      return false
    }
    clients.open++
    return true
  }

  #serve(socket: net.Socket): ClientConnection {
    const connection = new ClientConnection(socket, this.#traffic, this.#rules, this.#closed)
    this.#connections.add(connection)
    return connection
  }

  readonly #closed = (connection: ClientConnection): void => {
    if (this.#connections.delete(connection)) this.#clients.open--
    this.#onClosed?.()
  }

  #acceptorOf(tls: TlsServerOptions): TlsAcceptor {
    const { settings, log } = this.#traffic
    return new TlsAcceptor(tls, settings.timeouts.headMs, {
      secured: (socket, problem) => {
        const connection = this.#serve(socket)
        if (problem !== undefined) connection.bar()
      },
      lost: () => {
        this.#clients.open--
        this.#onClosed?.()
      },
      failed: (client, reason) => log.debug({ client, reason }, 'TLS handshake failed'),
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
    this.#endTicks?.()
    this.#handles?.close()
    this.#server.close()
  }

  /** Connections that have not closed, those within their handshake included. */
  get #open(): number {
    return this.#connections.size + (this.#acceptor?.pending ?? 0)
  }
}
