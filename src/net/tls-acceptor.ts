// The handshakes of a TLS listener: from an accepted socket to one that carries bytes, or to nothing. A
// socket costs little until its first byte, all of it has one deadline, and no more than so many handshakes
// are under way. Used by the listeners of the traffic and of the control service.

import { constants, createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { tlsLimits } from '../base/limits.ts'
import { runningTimeout } from './running-timeout.ts'

/** - `none`: not asked for. `request`: may be shown, but then has to be good. `require`: must be shown. */
export type ClientAuth = 'none' | 'request' | 'require'

/** Certificates and keys as PEM text. */
export interface TlsServerOptions {
  /** With the certificates between it and the authority behind it. */
  readonly cert: string
  readonly key: string
  /** Authorities whose clients are welcome; needed unless `clientAuth` is `none`. */
  readonly ca?: string | undefined
  /** Default `none`. */
  readonly clientAuth?: ClientAuth | undefined
  /** 48 bytes in base64, the same in all processes that listen together, so that each resumes the others' sessions. */
  readonly ticketKeys?: string | undefined
}

export interface AcceptorCalls {
  /** The handshake is done. `problem`: why what this client asks for is not to be done. */
  secured(socket: TLSSocket, problem: string | undefined): void
  /** It has not come to that; the socket is gone. */
  lost(): void
  /** Why not; for the log. */
  failed(client: string, reason: string): void
}

/** What an HTTP client is told that did not expect TLS here. */
const plainRefusal =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 54\r\n' +
  'Connection: close\r\n\r\n400 this port speaks HTTPS: begin with https:// (TLS)\n'

/** First byte of a TLS record that begins a handshake [RFC 8446 5.1]. */
const handshakeRecord = 22

interface Waiting {
  readonly raw: Socket
  /** Its first byte has come. */
  hasBegun: boolean
  readonly end: () => void
}

export class TlsAcceptor {
  readonly #calls: AcceptorCalls
  readonly #handshakeMs: number
  /** By both addresses: the socket that TLS gives us is another object than the one that was accepted. */
  readonly #waiting: Map<string, Waiting> = new Map()
  #server: Server
  #underWay = 0

  /**
   * @param handshakeMs from accepting to the end of the handshake.
   * @throws Error of OpenSSL when certificate, key or authorities cannot be used.
   */
  constructor(options: TlsServerOptions, handshakeMs: number, calls: AcceptorCalls) {
    this.#calls = calls
    this.#handshakeMs = handshakeMs
    this.#server = this.#serverOf(options)
  }

  /** Other certificates for handshakes that begin from now on. @throws as the constructor; then nothing changes. */
  replace(options: TlsServerOptions): void {
    this.#server = this.#serverOf(options)
  }

  /** Sockets that are neither secured nor gone. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Takes over a socket accepted by a server with `pauseOnConnect` and `allowHalfOpen`. */
  accept(raw: Socket): void {
    if (raw.remoteAddress === undefined) {
      // Reset before we came to it.
      raw.destroy()
      this.#calls.lost()
      return
    }
    const name = nameOf(raw)
    const giveUp = runningTimeout(this.#handshakeMs, () => {
      this.#calls.failed(raw.remoteAddress ?? '', 'handshake not done in time')
      raw.destroy()
    })
    let hasEnded = false
    const waiting: Waiting = {
      raw,
      hasBegun: false,
      end: () => {
        if (hasEnded) return
        hasEnded = true
        giveUp()
        if (waiting.hasBegun) this.#underWay--
        this.#waiting.delete(name)
      },
    }
    this.#waiting.set(name, waiting)
    raw.on('error', () => raw.destroy())
    raw.once('end', () => raw.destroy())
    raw.once('close', () => {
      if (hasEnded) return
      waiting.end()
      this.#calls.lost()
    })
    this.#look(waiting)
  }

  /** Cuts those that have not begun; a handshake that has may end. */
  drain(): void {
    for (const { raw, hasBegun } of [...this.#waiting.values()]) if (!hasBegun) raw.destroy()
  }

  close(): void {
    for (const { raw } of [...this.#waiting.values()]) raw.destroy()
  }

  #look(waiting: Waiting): void {
    const { raw } = waiting
    const first: Buffer | null = raw.read()
    if (first === null) {
      raw.once('readable', () => {
        if (!raw.destroyed) this.#look(waiting)
      })
      return
    }
    if (first[0] !== handshakeRecord) return refusePlain(raw, first)
    if (this.#underWay >= tlsLimits.handshakesMax) {
      this.#calls.failed(raw.remoteAddress ?? '', 'too many handshakes under way')
      raw.destroy()
      return
    }
    waiting.hasBegun = true
    this.#underWay++
    raw.unshift(first)
    // Who ends inside a handshake will not finish it.
    raw.allowHalfOpen = false
    this.#server.emit('connection', raw)
  }

  #serverOf(options: TlsServerOptions): Server {
    const { cert, key, ca, clientAuth = 'none', ticketKeys } = options
    if (clientAuth !== 'none' && ca === undefined)
      throw new RangeError(
        `clientAuth ${clientAuth} needs ca: who may sign the certificates of clients`,
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
      // They are told in HTTP, which people can read; nothing they ask for is done.
      rejectUnauthorized: false,
      // A session that began under other rules about clients is not resumed.
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
    const waiting = this.#waiting.get(nameOf(socket))
    if (waiting === undefined) {
      socket.destroy()
      return
    }
    waiting.end()
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

/** HTTP begins with a method; to anything else there is nothing to say. */
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
