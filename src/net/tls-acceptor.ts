// The handshakes of a TLS listener. A socket costs little until its first byte, has one deadline until the end of its
// handshake, and the number of handshakes in progress is limited. Used by the listeners of the traffic and of the
// control service.

import { constants, createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { tlsLimits } from '../base/limits.ts'
import { runningTimeout } from './running-timeout.ts'

/** Client certificates: `none` are requested; `request`: optional, but a bad one is refused; `require`: mandatory. */
export type ClientAuth = 'none' | 'request' | 'require'

/** Certificates and keys as PEM text. */
export interface TlsServerOptions {
  /** Followed by the intermediate certificates. */
  readonly cert: string
  readonly key: string
  /** Authorities that sign client certificates; required unless `clientAuth` is `none`. */
  readonly ca?: string | undefined
  /** Default `none`. */
  readonly clientAuth?: ClientAuth | undefined
  /** 48 bytes in base64, the same in all processes of a listener, so that each resumes the others' sessions. */
  readonly ticketKeys?: string | undefined
}

interface AcceptorCalls {
  /** After the handshake. @param problem why the requests of this client must be refused. */
  secured(socket: TLSSocket, problem: string | undefined): void
  /** The socket closed before the end of its handshake. */
  lost(): void
  /** Why a handshake failed, for the log. */
  failed(remote: string, reason: string): void
}

/** The response to an HTTP client without TLS. */
const plainRefusal =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 54\r\n' +
  'Connection: close\r\n\r\n400 this port speaks HTTPS: begin with https:// (TLS)\n'

/** First byte of the TLS record that begins a handshake [RFC 8446 5.1]. */
const handshakeRecord = 22

/** A socket before the end of its handshake. */
interface Pending {
  readonly raw: Socket
  readonly name: string
  /** Whether its first byte has arrived. */
  hasBegun: boolean
  hasEnded: boolean
  readonly cancelTimeout: () => void
}

export class TlsAcceptor {
  readonly #calls: AcceptorCalls
  readonly #handshakeMs: number
  /** By both addresses, because the secured socket is another object than the accepted one. */
  readonly #pending: Map<string, Pending> = new Map()
  #server: Server
  #handshakes = 0

  /**
   * @param handshakeMs deadline from the accept to the end of the handshake, ms.
   * @throws Error of OpenSSL when certificate, key or authorities cannot be used.
   */
  constructor(options: TlsServerOptions, handshakeMs: number, calls: AcceptorCalls) {
    this.#calls = calls
    this.#handshakeMs = handshakeMs
    this.#server = this.#serverOf(options)
  }

  /** Uses other certificates for new handshakes. @throws as the constructor; then nothing changes. */
  replace(options: TlsServerOptions): void {
    this.#server = this.#serverOf(options)
  }

  /** Sockets before the end of their handshake. */
  get pending(): number {
    return this.#pending.size
  }

  /** Begins the handshake of a socket from a server with `pauseOnConnect` and `allowHalfOpen`. */
  accept(raw: Socket): void {
    if (raw.remoteAddress === undefined) {
      // The client has reset the connection already.
      raw.destroy()
      this.#calls.lost()
      return
    }
    const pending: Pending = {
      raw,
      name: nameOf(raw),
      hasBegun: false,
      hasEnded: false,
      cancelTimeout: runningTimeout(this.#handshakeMs, () => {
        this.#calls.failed(raw.remoteAddress ?? '', 'handshake timed out')
        raw.destroy()
      }),
    }
    this.#pending.set(pending.name, pending)
    raw.on('error', () => raw.destroy())
    raw.once('end', () => raw.destroy())
    raw.once('close', () => {
      if (this.#remove(pending)) this.#calls.lost()
    })
    this.#readFirst(pending)
  }

  /** Closes the sockets without a first byte; handshakes in progress may finish. */
  drain(): void {
    for (const { raw, hasBegun } of [...this.#pending.values()]) if (!hasBegun) raw.destroy()
  }

  close(): void {
    for (const { raw } of [...this.#pending.values()]) raw.destroy()
  }

  #readFirst(pending: Pending): void {
    const { raw } = pending
    const first: Buffer | null = raw.read()
    if (first === null) {
      raw.once('readable', () => {
        if (!raw.destroyed) this.#readFirst(pending)
      })
      return
    }
    if (first[0] !== handshakeRecord) return refusePlain(raw, first)
    if (this.#handshakes >= tlsLimits.handshakesMax) {
      this.#calls.failed(raw.remoteAddress ?? '', 'too many handshakes in progress')
      raw.destroy()
      return
    }
    pending.hasBegun = true
    this.#handshakes++
    raw.unshift(first)
    // A client that ends its side during the handshake cannot finish it.
    raw.allowHalfOpen = false
    this.#server.emit('connection', raw)
  }

  /** False when it was removed before. */
  #remove(pending: Pending): boolean {
    if (pending.hasEnded) return false
    pending.hasEnded = true
    pending.cancelTimeout()
    if (pending.hasBegun) this.#handshakes--
    this.#pending.delete(pending.name)
    return true
  }

  #serverOf(options: TlsServerOptions): Server {
    const { cert, key, ca, clientAuth = 'none', ticketKeys } = options
    if (clientAuth !== 'none' && ca === undefined)
      throw new RangeError(
        `clientAuth ${clientAuth} needs ca: the authorities that sign client certificates`,
      )
    const server = createServer({
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      ...(ticketKeys === undefined ? {} : { ticketKeys: Buffer.from(ticketKeys, 'base64') }),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      requestCert: clientAuth !== 'none',
      // A bad client certificate is refused with an HTTP response, which people can read.
      rejectUnauthorized: false,
      // A session from before a change of the rules for client certificates is not resumed.
      sessionIdContext: createHash('sha256')
        .update(`${clientAuth} ${ca}`)
        .digest('hex')
        .slice(0, 32),
    })
    server.on('secureConnection', (socket) => this.#secured(socket, clientAuth))
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#calls.failed(socket.remoteAddress ?? '', error.code ?? error.message)
      socket.destroy()
    })
    return server
  }

  #secured(socket: TLSSocket, clientAuth: ClientAuth): void {
    const pending = this.#pending.get(nameOf(socket))
    if (pending === undefined) {
      socket.destroy()
      return
    }
    this.#remove(pending)
    socket.allowHalfOpen = true
    this.#calls.secured(socket, problemOf(socket, clientAuth))
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
