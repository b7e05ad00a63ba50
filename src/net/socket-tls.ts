// Properties of a client's TLS connection, for nodes that receive them (AJP attributes, the Client-Cert field).
// Each is computed at its first use.

import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Key length in bits, by a part of the cipher's name. */
const keySizes: readonly (readonly [string, number])[] = [
  ['AES_256', 256],
  ['AES256', 256],
  ['CHACHA20', 256],
  ['AES_128', 128],
  ['AES128', 128],
]

/** Longest chain of certificates. */
const chainMax = 10

export class SocketTls {
  readonly #socket: TLSSocket
  #protocol: string | undefined
  #cipher: string | undefined
  #session: string | undefined
  #chain: readonly Buffer[] | undefined

  constructor(socket: TLSSocket) {
    this.#socket = socket
  }

  /** `TLSv1.2` or `TLSv1.3`. */
  get protocol(): string {
    this.#protocol ??= this.#socket.getProtocol() ?? ''
    return this.#protocol
  }

  /** OpenSSL's name, for example `TLS_AES_256_GCM_SHA384`. */
  get cipher(): string {
    this.#cipher ??= this.#socket.getCipher()?.name ?? ''
    return this.#cipher
  }

  /** Key length of the cipher in bits; `undefined` for an unknown cipher. */
  get keySize(): number | undefined {
    return keySizes.find(([part]) => this.cipher.includes(part))?.[1]
  }

  /** 64 hexadecimal digits, the same for all requests of one connection and for no other connection. */
  get session(): string {
    this.#session ??= this.#socket
      .exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      .toString('hex')
    return this.#session
  }

  /** The client's accepted certificate and its chain in PEM; `undefined` without one. */
  get certificate(): string | undefined {
    const chain = this.#certificates()
    if (chain.length === 0) return undefined
    return chain.map((der) => new X509Certificate(der).toString()).join('')
  }

  /** The client's own certificate in DER. */
  get certificateDer(): Buffer | undefined {
    return this.#certificates()[0]
  }

  #certificates(): readonly Buffer[] {
    this.#chain ??= this.#socket.authorized ? chainOf(this.#socket.getPeerCertificate(true)) : []
    return this.#chain
  }
}

/** Node.js returns an empty object for no certificate, and makes the last one its own issuer. */
function chainOf(first: Partial<DetailedPeerCertificate>): readonly Buffer[] {
  const chain: Buffer[] = []
  let at: Partial<DetailedPeerCertificate> | undefined = first
  while (at?.raw !== undefined && chain.length < chainMax) {
    chain.push(at.raw)
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  }
  return chain
}
