// TLS of connections to nodes: our certificate for them and the checks of theirs (`nodeTls` of the configuration).
// One object for each process; a reload replaces it. Used by secure-connection.ts and probe.ts.

import { isIP } from 'node:net'
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { TopspinError } from '../base/errors.ts'
import { tlsLimits } from '../base/limits.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import type { OwnSettings } from '../cluster/own-settings.ts'
import { dialPlace } from './dial-place.ts'
import { fingerprints, parsePin } from './pin.ts'

/** Certificates and keys as PEM text. */
export interface NodeTlsOptions {
  /** Authorities that may have signed a node's certificate. Default: those that Node.js trusts. */
  readonly ca?: string | undefined
  /**
   * Fingerprints of the accepted certificates, see `pin.ts`. Without `ca` the pin is the only check: issuer,
   * name and dates of the certificate are then ignored.
   */
  readonly pins?: readonly string[] | undefined
  /** Certificate and key of this proxy, for nodes that require one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /**
   * The name in the handshake (SNI), and the name that the certificate must have. Default: the node's host, `localhost`
   * on a unix socket.
   */
  readonly servername?: string | undefined
  /** false accepts any certificate. Default true. */
  readonly verify?: boolean | undefined
  /** Nodes of the types https and wss may choose HTTP/2 by ALPN. Default false. */
  readonly http2?: boolean | undefined
  /** For nodes with settings of their own, by name; see `NodeTls.of`. */
  readonly entries?: Readonly<Record<string, NodeTlsOptions>> | undefined
}

/** The part of a node's settings that TLS depends on. */
type OwnTls = Pick<OwnSettings, 'tls' | 'serverName'>

export class NodeTls {
  /** Nodes of the types https and wss may choose HTTP/2 by ALPN. */
  readonly http2: boolean
  readonly #verifies: boolean
  /** With the default authorities it is made for the first node with TLS, because they take memory. */
  #context: SecureContext | undefined
  readonly #pins: ReadonlySet<string>
  readonly #servername: string | undefined
  /** TLS sessions by address, the least recent first. */
  readonly #sessions: Map<string, Buffer> = new Map()
  readonly #options: NodeTlsOptions
  /** By the names of their entries. */
  readonly #entries: Map<string, NodeTls> = new Map()
  /** By the names of servers, the oldest first. */
  readonly #named: Map<string, NodeTls> = new Map()

  /** @throws Error of OpenSSL when certificate, key or authorities cannot be used; RangeError for a pin. */
  constructor(options: NodeTlsOptions = {}) {
    const { ca, cert, key, verify = true, pins = [], entries = {} } = options
    this.#options = options
    this.http2 = options.http2 === true
    for (const [name, entry] of Object.entries(entries)) this.#entries.set(name, new NodeTls(entry))
    this.#pins = new Set(pins.map(requiredPin))
    this.#servername = options.servername
    this.#verifies = verify && (pins.length === 0 || ca !== undefined)
    if (ca !== undefined || cert !== undefined || key !== undefined)
      this.#context = contextOf({
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      })
  }

  /** For this node. */
  of(own: OwnTls | undefined): NodeTls {
    if (own === undefined || (own.tls === '' && own.serverName === '')) return this
    const entry = this.#entries.get(own.tls) ?? this
    return own.serverName === '' ? entry : entry.#forServer(own.serverName)
  }

  /** The same for a server of this name, unless the options name another. */
  #forServer(servername: string): NodeTls {
    if (this.#servername !== undefined) return this
    let named = this.#named.get(servername)
    if (named !== undefined) return named
    named = new NodeTls({ ...this.#options, entries: {}, servername })
    this.#named.set(servername, named)
    const [oldest] = this.#named.keys()
    if (this.#named.size > tlsLimits.sessionsMax && oldest !== undefined) this.#named.delete(oldest)
    return named
  }

  /** @param protocols offered by ALPN. */
  dialOptions(
    host: string,
    port: number,
    protocols: readonly string[] = ['http/1.1'],
  ): ConnectionOptions {
    const servername = this.#servername ?? nameOf(host)
    // A resumed session may show no certificate to compare with the pins.
    const session = this.#pins.size > 0 ? undefined : this.#sessions.get(keyOf(host, port))
    this.#context ??= contextOf({})
    return {
      ...dialPlace(host, port),
      secureContext: this.#context,
      ALPNProtocols: [...protocols],
      rejectUnauthorized: this.#verifies,
      ...(servername === undefined ? {} : { servername }),
      ...(session === undefined ? {} : { session }),
    }
  }

  /** Why a node must not be used after its handshake; nothing has been sent to it yet. */
  problemWith(socket: TLSSocket): TopspinError | undefined {
    if (this.#pins.size === 0) return undefined
    const shown = socket.getPeerX509Certificate()
    const prints = shown === undefined ? [] : fingerprints(shown)
    if (prints.some((print) => this.#pins.has(print))) return undefined
    const text = `its certificate is not in nodeTls.pin; its fingerprint is ${prints[0] ?? 'missing'}`
    return new TopspinError('NODE_CERTIFICATE_PIN', text, { side: 'node', phase: 'connect' })
  }

  /** Keeps a session, which shortens the next handshake with this address. */
  remember(host: string, port: number, session: Buffer): void {
    const key = keyOf(host, port)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    if (this.#sessions.size <= tlsLimits.sessionsMax) return
    const [oldest] = this.#sessions.keys()
    if (oldest !== undefined) this.#sessions.delete(oldest)
  }
}

const contextOf = (given: SecureContextOptions): SecureContext =>
  createSecureContext({ minVersion: 'TLSv1.2', ...given })

/** For the handshake, which names no IP address; a server on a unix socket is this machine. */
function nameOf(host: string): string | undefined {
  if (isUnixAddress(host)) return 'localhost'
  return isIP(host) === 0 ? host : undefined
}

const keyOf = (host: string, port: number): string => `${host} ${port}`

function requiredPin(text: string): string {
  const pin = parsePin(text)
  if (pin === undefined) throw new RangeError(`not a fingerprint: ${text}`)
  return pin
}
