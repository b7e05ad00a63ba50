// The listening sockets of the traffic.

import net from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { ClientConnection, ProxyRules, type Traffic } from '../forward/index.ts'
import { AcceptHandles, type CopyHandle } from '../net/accept-handles.ts'
import { TlsAcceptor, type TlsServerOptions } from '../net/tls-acceptor.ts'

export interface Address {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Clients speak TLS here. */
  readonly tls?: true
}

/** A way to handles for accepting beside the first, and how many of them there shall be. */
export interface FurtherHandles {
  readonly copy: CopyHandle
  readonly count: number
}

/** Connections that the kernel holds until they are accepted; the system may allow fewer. */
const backlog = 4_096

export class Listener {
  readonly #traffic: Traffic
  readonly #rules: ProxyRules
  readonly #further: FurtherHandles | undefined
  readonly #server: net.Server
  readonly #connections: Set<ClientConnection> = new Set()
  /** Where clients speak TLS. */
  readonly #acceptor: TlsAcceptor | undefined
  #handles: AcceptHandles | undefined
  #endTicks: (() => void) | undefined

  /**
   * @param further where there is a way to them.
   * @throws Error of OpenSSL when what is given for TLS cannot be used.
   */
  constructor(
    traffic: Traffic,
    tls: TlsServerOptions | undefined,
    further: FurtherHandles | undefined,
  ) {
    this.#traffic = traffic
    this.#rules = new ProxyRules(traffic)
    this.#further = further
    if (tls !== undefined) this.#acceptor = this.#acceptorOf(tls)
    this.#server = net.createServer({
      pauseOnConnect: true,
      allowHalfOpen: true,
      noDelay: true,
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
  }

  /** @throws TopspinError LISTEN, with the system's error as cause, when the address cannot be had. */
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
        this.#acceptMore()
        const bound = this.#server.address() as net.AddressInfo
        const tls = this.#acceptor === undefined ? {} : { tls: true as const }
        resolve({ host: bound.address, port: bound.port, ...tls })
      })
    })
  }

  /** Serves a connection that somebody else has accepted; `first` is what was read from it. */
  take(socket: net.Socket, first: Buffer): void {
    if (this.#hasRoom(socket)) this.#serve(socket).connection.feed(first)
  }

  #acceptMore(): void {
    if (this.#further === undefined) return
    const { count, copy } = this.#further
    const handles = new AcceptHandles(this.#server, backlog, count, copy)
    this.#handles = handles
    this.#endTicks = this.#traffic.ticker.onTick(() => handles.tick())
  }

  #stopAccepting(): void {
    this.#endTicks?.()
    this.#handles?.close()
    this.#server.close()
  }

  #accept(socket: net.Socket): void {
    this.#handles?.accepted()
    if (!this.#hasRoom(socket)) return
    if (this.#acceptor === undefined) this.#serve(socket)
    else this.#acceptor.accept(socket)
  }

  /** Counts the client in, or turns it away. */
  #hasRoom(socket: net.Socket): boolean {
    const traffic = this.#traffic
    if (traffic.clients >= traffic.clientsMax) {
      traffic.counters.connectionsRefused++
      socket.destroy()
      return false
    }
    traffic.clients++
    return true
  }

  #serve(socket: net.Socket): ClientConnection {
    const traffic = this.#traffic
    const connection = new ClientConnection(socket, traffic, this.#rules, this.#left)
    this.#connections.add(connection)
    return connection
  }

  readonly #left = (connection: ClientConnection): void => {
    if (this.#connections.delete(connection)) this.#traffic.clients--
    this.#onGone?.()
  }

  #acceptorOf(tls: TlsServerOptions): TlsAcceptor {
    const traffic = this.#traffic
    return new TlsAcceptor(tls, traffic.settings.timeouts.headMs, {
      secured: (socket, problem) => {
        const connection = this.#serve(socket)
        if (problem !== undefined) connection.bar()
      },
      lost: () => {
        traffic.clients--
        this.#onGone?.()
      },
      failed: (client, reason) => traffic.log.debug({ client, reason }, 'TLS handshake failed'),
    })
  }

  /** Other certificates for the handshakes to come; for a listener with TLS. */
  replaceTls(tls: TlsServerOptions): void {
    this.#acceptor?.replace(tls)
  }

  #onGone: (() => void) | undefined

  /** No new connections; idle ones are closed; resolves when the others have ended. */
  async drain(): Promise<void> {
    this.#stopAccepting()
    this.#acceptor?.drain()
    for (const connection of this.#connections) connection.drain()
    if (this.#open === 0) return
    await new Promise<void>((resolve) => {
      this.#onGone = () => {
        if (this.#open === 0) resolve()
      }
    })
  }

  get #open(): number {
    return this.#connections.size + (this.#acceptor?.pending ?? 0)
  }

  close(): void {
    this.#stopAccepting()
    this.#acceptor?.close()
    for (const connection of this.#connections) connection.destroy()
  }
}
