// One listening socket of the control service and its connections: admission, then TLS where it is
// configured, then requests and responses. start-control.ts opens one for messages and one for pages alone.

import { createServer, type Server, type Socket } from 'node:net'
import { TopspinError } from '../base/errors.ts'
import { type Endpoint, type HostPort, hostPortText } from '../base/host-port.ts'
import type { TlsAcceptor, TlsServerOptions } from '../net/tls-acceptor.ts'
import type { Admission } from './admission.ts'
import { callerOf } from './caller.ts'
import { ControlConnection } from './connection.ts'
import type { ControlSettings } from './options.ts'
import type { Responder } from './responder.ts'
import { secureAcceptor } from './secure-acceptor.ts'

export class ControlListener {
  readonly #settings: ControlSettings
  readonly #responder: Responder
  readonly #admission: Admission
  readonly #acceptsMessages: boolean
  readonly #server: Server
  readonly #acceptor: TlsAcceptor | undefined
  readonly #connections: Set<ControlConnection> = new Set()

  /** @throws Error of OpenSSL when the options for TLS cannot be used. */
  constructor(
    settings: ControlSettings,
    responder: Responder,
    admission: Admission,
    acceptsMessages: boolean,
  ) {
    const { tls, limits, log } = settings
    this.#settings = settings
    this.#responder = responder
    this.#admission = admission
    this.#acceptsMessages = acceptsMessages
    this.#acceptor =
      tls && secureAcceptor(tls, limits.transferMs, log, (socket) => this.#serve(socket))
    const listening = { allowHalfOpen: true, noDelay: true, pauseOnConnect: tls !== undefined }
    this.#server = createServer(listening, (socket) => this.#accept(socket))
    this.#server.maxConnections = limits.connectionsMax
  }

  /** Rejects with a `TopspinError` when the address cannot be listened on. */
  async open({ host, port }: HostPort): Promise<Endpoint> {
    await new Promise<void>((resolve, reject) => {
      // An error after the start is a connection that was not accepted, and no reason to end.
      this.#server.on('error', (cause) => {
        if (this.#server.listening)
          this.#settings.log.error({ cause }, 'control connection not accepted')
        reject(listenError({ host, port }, cause))
      })
      this.#server.listen({ host, port }, resolve)
    })
    const bound = this.#server.address()
    const at =
      bound === null || typeof bound === 'string'
        ? { host, port }
        : { host: bound.address, port: bound.port }
    return this.#acceptor === undefined ? at : { ...at, tls: true }
  }

  /** Uses other certificates for new connections. @throws Error of OpenSSL; then nothing changes. */
  replaceTls(tls: TlsServerOptions): void {
    this.#acceptor?.replace(tls)
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

  #accept(socket: Socket): void {
    const { remote } = callerOf(socket, this.#acceptsMessages)
    if (!this.#admission.admitConnection(remote)) {
      socket.on('error', () => {})
      socket.resetAndDestroy()
      return
    }
    const release = (): void => this.#admission.releaseConnection(remote)
    socket.on('close', release)
    if (this.#acceptor !== undefined) this.#acceptor.accept(socket)
    else this.#serve(socket, release)
  }

  /** @param release the listener for the socket's `close`; absent under TLS, where another socket has it. */
  #serve(socket: Socket, release?: () => void): void {
    const { accept } = this.#settings.traffic
    const forget = (): void => void this.#connections.delete(connection)
    const passToTraffic = (first: Buffer): void => {
      for (const listener of [forget, release]) {
        if (listener === undefined) continue
        socket.off('close', listener)
        listener()
      }
      accept?.(socket, first)
    }
    // Clients never come over TLS here: the traffic has TLS listeners of its own.
    const isShared = this.#acceptsMessages && accept !== undefined && this.#acceptor === undefined
    const connection: ControlConnection = new ControlConnection(
      socket,
      callerOf(socket, this.#acceptsMessages),
      this.#settings,
      this.#responder,
      isShared ? passToTraffic : undefined,
    )
    this.#connections.add(connection)
    socket.on('close', forget)
  }
}

const listenError = (at: HostPort, cause: Error): TopspinError =>
  new TopspinError(
    'CONTROL_LISTEN_FAILED',
    `cannot listen on ${hostPortText(at)}: ${cause.message}`,
    { side: 'proxy', phase: 'control', cause },
  )
