// The socket that Envoys connect to: which addresses may, how many connections there are, and TLS. gRPC itself has no limit of
// them, and an error of accepting would end the process. Used by xds-server.ts.

import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../base/clock.ts'
import type { HostPort } from '../../../base/host-port.ts'
import { xdsLimits } from '../../../base/limits.ts'
import type { Logger } from '../../../base/log.ts'
import { ThrottledLog } from '../../../base/throttled-log.ts'
import { plainAddress } from '../../../net/address.ts'
import { HeldByAddress } from '../../../net/held-by-address.ts'
import { listenAt } from '../../../net/listen-at.ts'
import { resetSocket } from '../../../net/reset-socket.ts'
import { TlsAcceptor } from '../../../net/tls-acceptor.ts'
import type { TlsServerOptions } from '../../../net/tls-options.ts'

interface EnvoyListenerOptions {
  readonly at: HostPort
  readonly isAllowed: (address: string) => boolean
  /** With an encrypted socket after its handshake. */
  readonly accepted: (socket: Socket) => void
  /** Absent: connections are not encrypted. */
  readonly tls: TlsServerOptions | undefined
  readonly log: Logger
  readonly clock: Clock
}

export class EnvoyListener {
  readonly #options: EnvoyListenerOptions
  readonly #server: Server
  readonly #acceptor: TlsAcceptor | undefined
  /** Open connections by their addresses, as gRPC names them. */
  readonly #open: Map<string, Socket> = new Map()
  /** Those without a stream, which leave when there is no room. */
  readonly #idle: HeldByAddress<Socket> = new HeldByAddress()
  readonly #refused: ThrottledLog
  readonly #full: ThrottledLog
  readonly #unread: ThrottledLog

  /** @throws Error of OpenSSL when the options for TLS cannot be used. */
  constructor(options: EnvoyListenerOptions) {
    const { log, clock, tls } = options
    this.#options = options
    this.#refused = new ThrottledLog(log, clock, 'connection of an Envoy refused')
    this.#full = new ThrottledLog(log, clock, 'no room for more connections of Envoys')
    this.#unread = new ThrottledLog(log, clock, 'Envoy does not read responses')
    const unaccepted = new ThrottledLog(log, clock, 'connection of an Envoy not accepted')
    this.#acceptor = tls && this.#acceptorOf(tls)
    const forTls = { allowHalfOpen: true, pauseOnConnect: true }
    this.#server = createServer({ noDelay: true, ...(tls && forTls) }, (socket) =>
      this.#accept(socket),
    )
    // While it listens; an error of listening rejects as well.
    this.#server.on('error', ({ message }) => {
      if (this.#server.listening) unaccepted.warn({ reason: message })
    })
  }

  #acceptorOf(tls: TlsServerOptions): TlsAcceptor {
    const { accepted, log, clock } = this.#options
    const failed = new ThrottledLog(log, clock, 'TLS handshake of an Envoy failed')
    return new TlsAcceptor(
      tls,
      xdsLimits.handshakeMs,
      {
        secured: (socket, problem) => {
          const reason = problem ?? (socket.alpnProtocol === 'h2' ? undefined : noHttp2)
          if (reason === undefined) return accepted(socket)
          this.#refused.warn({ remote: socket.remoteAddress, reason })
          socket.on('error', () => {})
          socket.destroy()
        },
        lost: () => {},
        failed: (remote, reason, detail) => failed.warn({ remote, reason, detail }),
      },
      ['h2'],
    )
  }

  /** Uses other certificates for new connections, where they are encrypted. @throws as the constructor. */
  replaceTls(tls: TlsServerOptions): void {
    this.#acceptor?.replace(tls)
  }

  /** @returns the port. Rejects with the system's error; then it may be called again. */
  async listen(): Promise<number> {
    return (await listenAt(this.#server, this.#options.at)).port
  }

  /** A stream begins or ends on the connection with this address. @param streams that are open there now. */
  noteStreams(address: string, streams: number): void {
    const socket = this.#open.get(address)
    if (socket === undefined) return
    if (streams > 0) this.#idle.release(socket)
    else this.#hold(socket)
  }

  /** Cuts the connection with this address, whose responses are not read. */
  cut(address: string): void {
    this.#unread.warn({ envoy: address })
    this.#open.get(address)?.destroy()
  }

  close(): void {
    this.#acceptor?.close()
    this.#server.close()
  }

  #accept(socket: Socket): void {
    const { isAllowed, accepted, clock } = this.#options
    const { remoteAddress = '', remotePort } = socket
    if (!isAllowed(plainAddress(remoteAddress))) {
      this.#refused.warn({ remote: remoteAddress, reason: 'control.allow does not name it' })
      return refuse(socket)
    }
    if (this.#open.size >= xdsLimits.connectionsMax) {
      const displaced = this.#idle.displace(remoteAddress, clock.now())
      this.#full.warn({ remote: remoteAddress, refused: displaced === undefined })
      if (displaced === undefined) return refuse(socket)
      displaced.destroy()
    }
    const address = `${remoteAddress}:${remotePort}`
    this.#open.set(address, socket)
    this.#hold(socket)
    socket.once('close', () => {
      this.#idle.release(socket)
      if (this.#open.get(address) === socket) this.#open.delete(address)
    })
    if (this.#acceptor === undefined) accepted(socket)
    else this.#acceptor.accept(socket, remoteAddress)
  }

  #hold(socket: Socket): void {
    this.#idle.hold(socket.remoteAddress ?? '', socket, this.#options.clock.now())
  }
}

const noHttp2 = 'it does not offer HTTP/2 (ALPN h2)'

function refuse(socket: Socket): void {
  socket.on('error', () => {})
  resetSocket(socket)
}
