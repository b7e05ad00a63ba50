// The options of a TLS listener: plain values, so that they can be sent to another process.

/** Client certificates: `none` are requested; `request`: optional, but a bad one is refused; `require`: mandatory. */
export type ClientAuth = 'none' | 'request' | 'require'

/** The lowest version of TLS. */
export type TlsVersion = '1.2' | '1.3'

/** A certificate and its key as PEM text. */
export interface ServerCertificate {
  /** Followed by the intermediate certificates. */
  readonly cert: string
  readonly key: string
  /** The names that it serves: `a.example`, or `*.example` for one label before it. Default: its DNS names. */
  readonly names?: readonly string[] | undefined
  /** The response of OCSP for clients that ask for one, DER in base64. Default: none. */
  readonly ocsp?: string | undefined
}

export interface TlsServerOptions {
  /** The certificate for clients that ask for no other name, followed by the intermediate certificates. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** For `cert`, as that of a certificate. */
  readonly ocsp?: string | undefined
  /**
   * Further certificates, each for its names; without `cert` the first of them is for all other clients, too. A name may
   * have several with keys of different kinds; a client gets the first that it can verify, RSA last. With neither
   * `cert` nor an entry here, every handshake is refused.
   */
  readonly certificates?: readonly ServerCertificate[] | undefined
  /** Authorities that sign client certificates; required unless `clientAuth` is `none`. */
  readonly ca?: string | undefined
  /** Default `none`. */
  readonly clientAuth?: ClientAuth | undefined
  /** Default 1.2. */
  readonly minVersion?: TlsVersion | undefined
  /** As of OpenSSL, with colons. Default: those of Node.js. */
  readonly ciphers?: string | undefined
  /** The groups of the key exchange, with colons. Default: those of OpenSSL. */
  readonly ecdhCurve?: string | undefined
  /** Clients that ask for no name of a certificate are refused. Default false: they get the first one. */
  readonly strictSni?: boolean | undefined
  /**
   * Certificates that answer the challenge TLS-ALPN-01 of an authority, by name: for clients that offer `acme-tls/1` alone,
   * whose connections end after the handshake [RFC 8737]. Default none.
   */
  readonly challenges?: Readonly<Record<string, ServerCertificate>> | undefined
  /** 48 bytes in base64, the same in all processes of a listener, so that each resumes the others' sessions. */
  readonly ticketKeys?: string | undefined
}

/** The certificates of the options, the one for other names first. @throws RangeError for one without its key. */
export function certificatesOf({
  cert,
  key,
  ocsp,
  certificates = [],
}: TlsServerOptions): readonly ServerCertificate[] {
  if ((cert === undefined) !== (key === undefined))
    throw new RangeError('cert and key belong together')
  return cert === undefined || key === undefined
    ? certificates
    : [{ cert, key, ocsp }, ...certificates]
}
