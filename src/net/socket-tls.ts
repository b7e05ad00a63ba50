// What is known of the TLS of a client's connection, for nodes that are told of it (AJP attributes, the
// Client-Cert field). Everything is asked for when somebody wants it, and then once.

import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Bits of the keys of ciphers, by a part of the name. */
const keySizes: readonly (readonly [string, number])[] = [
  ['AES_256', 256],
  ['AES256', 256],
  ['CHACHA20', 256],
  ['AES_128', 128],
  ['AES128', 128],
]

/** More of them than this are no chain. */
const chainMax = 10

export class SocketTls {
  readonly #socket: TLSSocket
  #cipher: string | undefined
  #session: string | undefined
  #chain: readonly Buffer[] | undefined

  constructor(socket: TLSSocket) {
    this.#socket = socket
  }

  /** `TLSv1.2` or `TLSv1.3`. */
  get protocol(): string {
    return this.#socket.getProtocol() ?? ''
  }

  /** As OpenSSL calls it, for example `TLS_AES_256_GCM_SHA384`. */
  get cipher(): string {
    this.#cipher ??= this.#socket.getCipher()?.name ?? ''
    return this.#cipher
  }

  /** Bits of the cipher's key, where its name tells. */
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

  /** The client's certificate and those behind it in PEM, when it showed one that was accepted. */
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

/** Node.js gives an empty object for none, and lets the last one be its own issuer. */
function chainOf(first: Partial<DetailedPeerCertificate>): readonly Buffer[] {
  const chain: Buffer[] = []
  let at: Partial<DetailedPeerCertificate> | undefined = first
  while (at?.raw !== undefined && chain.length < chainMax) {
    chain.push(at.raw)
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate
  }
  return chain
}
