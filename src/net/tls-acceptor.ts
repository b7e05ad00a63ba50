// The handshakes of a TLS listener. A socket costs little until its first message has arrived, which decides about its
// certificate. It has one deadline until the end of its handshake, and the number of handshakes in progress is limited.
// Used by the listeners of the traffic and of the control service.

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { tlsLimits } from '../base/limits.ts'
import { printable } from '../base/printable.ts'
import { socketBelow } from '../node-internals/socket-below-tls.ts'
import { readClientHello } from '../wire/tls/client-hello.ts'
import {
  CertificateServers,
  type ChosenCertificate,
  type HandshakeCalls,
} from './certificate-servers.ts'
import { HeldByAddress } from './held-by-address.ts'
import { HelloRecords } from './hello-records.ts'
import { runningTimeout } from './running-timeout.ts'
import type { ClientAuth, TlsServerOptions } from './tls-options.ts'

/**
 * Why a handshake has failed: `timeout`; `displaced` by another one, or `refused`, while too many are in progress;
 * `invalid` bytes or no common protocol; `unknown_name`: no certificate is for the name that the client asks for.
 */
type HandshakeFailure = 'timeout' | 'displaced' | 'refused' | 'invalid' | 'unknown_name'

export interface AcceptorCalls {
  /**
   * After the handshake.
   * @param problem why the requests of this client must be refused.
   * @param raw the socket that was accepted, which `socket` encrypts.
   * @param isElsewhere see `ChosenCertificate`.
   */
  secured(
    socket: TLSSocket,
    problem: string | undefined,
    raw: Socket,
    isElsewhere: ChosenCertificate['isElsewhere'],
  ): void
  /** The accepted socket closed before the end of its handshake. */
  lost(raw: Socket): void
  /** @param detail for the log; '' when `failure` says it all. */
  failed(remote: string, failure: HandshakeFailure, detail: string): void
}

/** The response to an HTTP client without TLS. */
const plainRefusal =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 54\r\n' +
  'Connection: close\r\n\r\n400 this port speaks HTTPS: begin with https:// (TLS)\n'

/** The fatal alert unrecognized_name in a record of its own [RFC 8446 6.2]. */
const unknownNameAlert = Buffer.from([21, 3, 3, 0, 2, 2, 112])

/** A socket before the end of its handshake. */
interface Pending {
  readonly raw: Socket
  readonly key: unknown
  readonly remote: string
  readonly records: HelloRecords
  /** Of its certificate. */
  isElsewhere: ChosenCertificate['isElsewhere']
  hasFailed: boolean
  hasEnded: boolean
  readonly cancelTimeout: () => void
}

export class TlsAcceptor {
  /** Deadline from the accept to the end of the handshake, ms. */
  handshakeMs: number
  readonly #calls: AcceptorCalls
  /** For ALPN, the preferred one first; in force with the next `replace`. */
  protocols: readonly string[]
  readonly #pending: Map<unknown, Pending> = new Map()
  readonly #handshakes: HeldByAddress<Pending> = new HeldByAddress()
  #servers: CertificateServers

  /**
   * @param handshakeMs see `handshakeMs`.
   * @param protocols for ALPN, the preferred one first.
   * @throws Error of OpenSSL when certificate, key or authorities cannot be used.
   */
  constructor(
    options: TlsServerOptions,
    handshakeMs: number,
    calls: AcceptorCalls,
    protocols: readonly string[] = ['http/1.1'],
  ) {
    this.protocols = protocols
    this.#calls = calls
    this.handshakeMs = handshakeMs
    this.#servers = this.#serversOf(options, undefined)
  }

  /** Uses other certificates for new handshakes. @throws as the constructor; then nothing changes. */
  replace(options: TlsServerOptions): void {
    this.#servers = this.#serversOf(options, this.#servers)
  }

  /** Sockets before the end of their handshake. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Begins the handshake of a socket from a server with `pauseOnConnect` and `allowHalfOpen`.
   * @param remote address of the client, whose handshakes are limited together; '' when it has reset the connection.
   */
  accept(raw: Socket, remote: string): void {
    if (remote === '') {
      raw.destroy()
      this.#calls.lost(raw)
      return
    }
    const pending: Pending = {
      raw,
      key: raw.remotePort === undefined ? raw : nameOf(raw),
      remote,
      records: new HelloRecords(),
      isElsewhere: undefined,
      hasFailed: false,
      hasEnded: false,
      cancelTimeout: runningTimeout(this.handshakeMs, () => this.#fail(pending, 'timeout')),
    }
    this.#pending.set(pending.key, pending)
    raw.on('error', () => raw.destroy())
    raw.once('end', () => raw.destroy())
    raw.once('close', () => {
      if (this.#remove(pending)) this.#calls.lost(raw)
    })
    this.#readHello(pending)
  }

  /** Closes the sockets without a first byte; handshakes in progress may finish. */
  drain(): void {
    for (const { raw, records } of [...this.#pending.values()]) if (records.isEmpty) raw.destroy()
  }

  close(): void {
    for (const { raw } of [...this.#pending.values()]) raw.destroy()
  }

  #readHello(pending: Pending): void {
    const { raw, records } = pending
    const piece: Buffer | null = raw.read()
    if (piece !== null) records.add(piece)
    if (!records.isEmpty && !records.isHandshake) return refusePlain(raw, records.bytes)
    if (records.isComplete) return this.#shakeHands(pending)
    raw.once('readable', () => {
      if (!raw.destroyed) this.#readHello(pending)
    })
  }

  #shakeHands(pending: Pending): void {
    const { raw, remote, records } = pending
    const hello = readClientHello(records.message)
    const chosen = this.#servers.choose(hello)
    if (chosen === undefined) return this.#refuseName(pending, hello?.serverName)
    if (!this.#makeRoom(pending)) return this.#fail(pending, 'refused')
    this.#handshakes.hold(remote, pending, performance.now())
    raw.unshift(records.bytes)
    // A client that ends its side during the handshake cannot finish it.
    raw.allowHalfOpen = false
    pending.isElsewhere = chosen.isElsewhere
    chosen.server.emit('connection', raw)
  }

  #refuseName(pending: Pending, name: string | undefined): void {
    const detail = name === undefined ? 'the client names no server' : printable(name)
    this.#calls.failed(pending.remote, 'unknown_name', detail)
    pending.raw.write(unknownNameAlert)
    pending.raw.destroySoon()
  }

  #makeRoom({ remote }: Pending): boolean {
    if (this.#handshakes.size < tlsLimits.handshakesMax) return true
    const displaced = this.#handshakes.displace(remote, performance.now())
    if (displaced === undefined) return false
    this.#fail(displaced, 'displaced')
    return true
  }

  #fail(pending: Pending, failure: HandshakeFailure, detail: string = ''): void {
    if (pending.hasFailed) return
    pending.hasFailed = true
    this.#calls.failed(pending.remote, failure, detail)
    pending.raw.destroy()
  }

  /** False when it was removed before. */
  #remove(pending: Pending): boolean {
    if (pending.hasEnded) return false
    pending.hasEnded = true
    pending.cancelTimeout()
    this.#handshakes.release(pending)
    this.#pending.delete(pending.key)
    return true
  }

  #serversOf(
    options: TlsServerOptions,
    previous: CertificateServers | undefined,
  ): CertificateServers {
    return new CertificateServers(options, this.protocols, this.#handshakeCalls, previous)
  }

  readonly #handshakeCalls: HandshakeCalls = {
    secured: (socket, clientAuth) => this.#secured(socket, clientAuth),
    failed: (error, socket) => {
      const pending = this.#pendingOf(socket)
      if (pending !== undefined) this.#fail(pending, 'invalid', error.code ?? error.message)
      socket.destroy()
    },
  }

  /** By both addresses, because the secured socket is another object than the accepted one; unix sockets have none. */
  #pendingOf(socket: TLSSocket): Pending | undefined {
    return this.#pending.get(socket.remotePort === undefined ? socketBelow(socket) : nameOf(socket))
  }

  #secured(socket: TLSSocket, clientAuth: ClientAuth): void {
    const pending = this.#pendingOf(socket)
    if (pending === undefined) {
      socket.destroy()
      return
    }
    this.#remove(pending)
    socket.allowHalfOpen = true
    this.#calls.secured(socket, problemOf(socket, clientAuth), pending.raw, pending.isElsewhere)
  }
}

function problemOf(socket: TLSSocket, clientAuth: ClientAuth): string | undefined {
  if (clientAuth === 'none') return undefined
  if (socket.getPeerX509Certificate() === undefined)
    return clientAuth === 'require' ? 'a client certificate is required' : undefined
  return socket.authorized ? undefined : 'the client certificate is not accepted'
}

/** Only HTTP clients, which begin with a method, can read the response. */
function refusePlain(raw: Socket, first: Buffer): void {
  if (!/^[A-Z]/.test(first.toString('latin1', 0, 1))) {
    raw.destroy()
    return
  }
  raw.end(plainRefusal)
  raw.resume()
}

const nameOf = (socket: Socket): string =>
  `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`
