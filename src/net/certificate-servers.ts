// The servers of Node.js that carry out the handshakes of a TLS listener, one for each certificate. They do not listen:
// tls-acceptor.ts gives them connections. An immutable set; a reload makes another one.

import { constants, createHash } from 'node:crypto'
import {
  createServer,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import type { ClientHello } from '../wire/tls/client-hello.ts'
import { certificateFacts } from './certificate-facts.ts'
import { CertificateMap, type NamedCertificate } from './certificate-map.ts'
import {
  type ClientAuth,
  certificatesOf,
  type ServerCertificate,
  type TlsServerOptions,
} from './tls-options.ts'

interface Entry extends NamedCertificate {
  /** The certificate and all options of its server: an equal one serves on after a reload. */
  readonly identity: string
  readonly server: Server
}

export interface HandshakeCalls {
  /** @param clientAuth the rule for client certificates when the handshake began. */
  secured(socket: TLSSocket, clientAuth: ClientAuth): void
  /** Before or instead of `secured`. */
  failed(error: NodeJS.ErrnoException, socket: TLSSocket): void
}

export interface ChosenCertificate {
  readonly server: Server
  /**
   * Whether a name, in lower case, has another certificate, which this one does not stand for; undefined: there is no other
   * certificate.
   */
  readonly isElsewhere: ((name: string) => boolean) | undefined
}

interface ServerCalls {
  readonly secured: (socket: TLSSocket) => void
  readonly failed: HandshakeCalls['failed']
}

/** The protocol of authorities that validate a name, which they offer alone [RFC 8737 3]. */
const challengeProtocol = 'acme-tls/1'

export class CertificateServers {
  readonly #map: CertificateMap<Entry>
  /** The answers to authorities, by name. */
  readonly #challenges: ReadonlyMap<string, Server>

  /**
   * @param protocols for ALPN, the preferred one first.
   * @param previous the set that this one replaces; of certificates that are still there it takes the servers.
   * @throws Error of OpenSSL when a certificate, key or the authorities cannot be used; RangeError for contradictions.
   */
  constructor(
    options: TlsServerOptions,
    protocols: readonly string[],
    calls: HandshakeCalls,
    previous: CertificateServers | undefined,
  ) {
    const common = commonOptions(options, protocols)
    const { clientAuth = 'none' } = options
    const { failed } = calls
    const secured = (socket: TLSSocket): void => calls.secured(socket, clientAuth)
    const shared = JSON.stringify([common, clientAuth])
    const before = previous === undefined ? [] : previous.#map.entries
    const known = new Map(before.map((entry) => [entry.identity, entry]))
    this.#map = new CertificateMap(
      certificatesOf(options).map((certificate) => {
        const identity = identityOf(certificate, shared)
        return known.get(identity) ?? entryOf(certificate, identity, common, { secured, failed })
      }),
      options.strictSni,
    )
    this.#challenges = new Map(
      Object.entries(options.challenges ?? {}).map(([name, { cert, key }]) => {
        const server = createServer({ cert, key, ALPNProtocols: [challengeProtocol] })
        server.on('secureConnection', (socket) => socket.end())
        server.on('tlsClientError', failed)
        return [name, server]
      }),
    )
  }

  /** Undefined: no certificate is for this client. @param hello undefined when it cannot be read. */
  choose(hello: ClientHello | undefined): ChosenCertificate | undefined {
    if (hello?.protocols.length === 1 && hello.protocols[0] === challengeProtocol) {
      const server = this.#challenges.get(hello.serverName ?? '')
      return server && { server, isElsewhere: undefined }
    }
    const entry = this.#map.find(hello)
    if (entry === undefined) return undefined
    const map = this.#map
    const isElsewhere =
      map.entries.length < 2 ? undefined : (name: string) => map.isElsewhere(entry, name)
    return { server: entry.server, isElsewhere }
  }
}

/** What a handshake may use, as options of Node.js. */
export const handshakeRules = ({
  minVersion = '1.2',
  ciphers,
  ecdhCurve,
}: Pick<TlsServerOptions, 'minVersion' | 'ciphers' | 'ecdhCurve'>): SecureContextOptions => ({
  minVersion: `TLSv${minVersion}`,
  ...(ciphers === undefined ? {} : { ciphers }),
  ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
})

function commonOptions(options: TlsServerOptions, protocols: readonly string[]): TlsOptions {
  const { ca, clientAuth = 'none', ticketKeys } = options
  if (clientAuth !== 'none' && ca === undefined)
    throw new RangeError(
      `clientAuth ${clientAuth} needs ca: the authorities that sign client certificates`,
    )
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(ticketKeys === undefined ? {} : { ticketKeys: Buffer.from(ticketKeys, 'base64') }),
    ...handshakeRules(options),
    ALPNProtocols: [...protocols],
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    requestCert: clientAuth !== 'none',
    // A bad client certificate is refused with an HTTP response, which people can read.
    rejectUnauthorized: false,
    // A session from before a change of the rules for client certificates is not resumed.
    sessionIdContext: digest(`${clientAuth} ${ca}`).slice(0, 32),
  }
}

function entryOf(
  { cert, key, names, ocsp }: ServerCertificate,
  identity: string,
  common: TlsOptions,
  { secured, failed }: ServerCalls,
): Entry {
  const server = createServer({ ...common, cert, key })
  server.on('secureConnection', secured)
  server.on('tlsClientError', failed)
  if (ocsp !== undefined) {
    const response = Buffer.from(ocsp, 'base64')
    server.on('OCSPRequest', (_cert, _issuer, callback) => callback(null, response))
  }
  const facts = certificateFacts(cert)
  return { identity, server, names: names ?? facts.names, keyKind: facts.keyKind }
}

const identityOf = (certificate: ServerCertificate, shared: string): string =>
  digest(JSON.stringify([certificate, shared]))

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
