// What is known of the TLS of a client's connection, for nodes that are told of it (AJP attributes, the
// Client-Cert field). Everything is asked for when somebody wants it, and then once.

import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** Bits of the keys of ciphers, by a part of the name. */
const keySizes: readonly (readonly [string, number])[] = [
  ['AES_256', 256],
  ['AES256', 256],
  ['CHACHA20', 256],
  ['AES_128', 128],
  ['AES128', 128],
]

export class ClientTls {
  readonly #socket: TLSSocket
  #cipher: string | undefined
  #session: string | undefined
  #certificate: X509Certificate | null | undefined

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

  /** Bits of the cipher's key; 0 when its name does not tell. */
  get keyBits(): number {
    return keySizes.find(([part]) => this.cipher.includes(part))?.[1] ?? 0
  }

  /** 64 hexadecimal digits, the same for all requests of one connection and for no other connection. */
  get session(): string {
    this.#session ??= this.#socket
      .exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      .toString('hex')
    return this.#session
  }

  /** The client's certificate in PEM, when it showed one that was accepted. */
  get certificate(): string | undefined {
    return this.#shown()?.toString()
  }

  /** The same in DER. */
  get certificateDer(): Buffer | undefined {
    return this.#shown()?.raw
  }

  #shown(): X509Certificate | undefined {
    if (this.#certificate === undefined) {
      const shown = this.#socket.authorized ? this.#socket.getPeerX509Certificate() : undefined
      this.#certificate = shown ?? null
    }
    return this.#certificate ?? undefined
  }
}
