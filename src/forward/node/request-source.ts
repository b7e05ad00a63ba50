// The client's side of a request, as AJP carries it to a node.

/** Facts from the TLS handshake of a client's own connection. */
export interface ClientTls {
  /** For example `TLSv1.3`. */
  readonly protocol: string
  /** OpenSSL's name of the cipher suite. */
  readonly cipher: string
  /** Bits of the cipher's key. */
  readonly keySize?: number | undefined
  /** Id of the session, hexadecimal. */
  readonly session?: string | undefined
  /** The client's certificate that was verified, with the chain behind it, PEM. */
  readonly certificate?: string | undefined
}

export interface RequestSource {
  /** Address of the client without port. */
  readonly address: string
  /** Port of the client; absent when it is not known. */
  readonly port?: number | undefined
  /** Absent when the request came without TLS. */
  readonly tls?: ClientTls | undefined
  /** Address and port that the client connected to. */
  readonly localAuthority: string
}
