// TLS towards nodes: what is shown to them and what they have to show (`nodeTls` of the configuration).
// One object for each process; a reload makes another. Used by secure-connection.ts and probe.ts.

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
import { fingerprints, parsePin } from './pin.ts'

/** Certificates and keys as PEM text. */
export interface NodeTlsOptions {
  /** Authorities that may have signed a node's certificate. Default: those that Node.js knows. */
  readonly ca?: string | undefined
  /**
   * Certificates that a node may show, see `pin.ts`. Without `ca` the pin decides alone: neither signer,
   * name nor date of the certificate matter then.
   */
  readonly pins?: readonly string[] | undefined
  /** Certificate and key of this proxy, for nodes that ask for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** Name that is asked for (SNI) and that the certificate must carry. Default: the node's host. */
  readonly servername?: string | undefined
  /** false: any certificate will do. Default true. */
  readonly verify?: boolean | undefined
}

export class NodeTls {
  readonly #rejects: boolean
  /** Made for the first node that needs it when it holds nothing of ours: the usual authorities cost memory. */
  #context: SecureContext | undefined
  readonly #pins: ReadonlySet<string>
  readonly #servername: string | undefined
  /** By address, the least recent first. */
  readonly #sessions: Map<string, Buffer> = new Map()

  /** @throws Error of OpenSSL when certificate, key or authorities cannot be used; RangeError for a pin. */
  constructor(options: NodeTlsOptions = {}) {
    const { ca, cert, key, verify = true, pins = [] } = options
    this.#pins = new Set(pins.map(requiredPin))
    this.#servername = options.servername
    this.#rejects = verify && (pins.length === 0 || ca !== undefined)
    if (ca !== undefined || cert !== undefined || key !== undefined)
      this.#context = contextOf({
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      })
  }

  dialOptions(host: string, port: number): ConnectionOptions {
    const servername = this.#servername ?? (isIP(host) === 0 ? host : undefined)
    const session = this.#sessions.get(keyOf(host, port))
    this.#context ??= contextOf({})
    return {
      host,
      port,
      secureContext: this.#context,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: this.#rejects,
      ...(servername === undefined ? {} : { servername }),
      ...(session === undefined ? {} : { session }),
    }
  }

  /** Why a node that has passed the handshake may still not be used; nothing has been sent to it. */
  problemWith(socket: TLSSocket): TopspinError | undefined {
    if (this.#pins.size === 0) return undefined
    const shown = socket.getPeerX509Certificate()
    const prints = shown === undefined ? [] : fingerprints(shown)
    if (prints.some((print) => this.#pins.has(print))) return undefined
    const text = `its certificate is none of those in nodeTls.pin; it is ${prints[0] ?? 'missing'}`
    return new TopspinError('NODE_CERTIFICATE_PIN', text, { side: 'node', phase: 'connect' })
  }

  /** Keeps what makes the next handshake with this address short. */
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

const keyOf = (host: string, port: number): string => `${host} ${port}`

function requiredPin(text: string): string {
  const pin = parsePin(text)
  if (pin === undefined) throw new RangeError(`not a fingerprint: ${text}`)
  return pin
}
