// A source of fixed nodes in the configuration: where a list of addresses comes from that may change while the proxy runs.
// Times are milliseconds.

import type { HostPort, NodeAddress } from '../base/host-port.ts'

export type SourceSettings =
  | FileSettings
  | DnsSettings
  | SrvSettings
  | KubernetesSettings
  | ConsulSettings
  | DockerSettings

interface Repeated {
  /** Time between two readings, and until a source that failed is read again. */
  readonly every: number
}

export interface FileSettings extends Repeated {
  readonly kind: 'file'
  readonly file: string
}

export interface DnsSettings extends Repeated, NameServer {
  readonly kind: 'dns'
  /** The name, the port of all its addresses, and whether they have TLS and speak HTTP/2. */
  readonly name: NodeAddress
}

export interface SrvSettings extends Repeated, NameServer {
  readonly kind: 'srv'
  readonly service: string
  readonly tls: boolean
  readonly http2?: true
}

export interface KubernetesSettings extends Repeated, HttpApi {
  readonly kind: 'kubernetes'
  /** At least one of the two is present. */
  readonly service?: string | undefined
  /** Of the EndpointSlices, by their labels. */
  readonly selector?: string | undefined
  /** Absent: that of the service account. */
  readonly namespace?: string | undefined
  /** Name or number; absent: the only one. */
  readonly port?: string | undefined
  /** Absent: as the port says by its `appProtocol`, else `http`. */
  readonly scheme?: Scheme | undefined
  /** `any`: IPv4, unless a service has IPv6 alone. */
  readonly family: AddressFamily
}

export interface ConsulSettings extends Repeated, HttpApi {
  readonly kind: 'consul'
  readonly service: string
  readonly tag?: string | undefined
  readonly datacenter?: string | undefined
  readonly namespace?: string | undefined
  readonly scheme?: Scheme | undefined
}

export interface DockerSettings extends Repeated, HttpApi {
  readonly kind: 'docker'
  /** `KEY` or `KEY=VALUE`. */
  readonly label: string
  /** Absent: the only one of the container. */
  readonly network?: string | undefined
  /** Absent: the only one that the container exposes. */
  readonly port?: number | undefined
  readonly scheme?: Scheme | undefined
}

/** An API over HTTP. */
interface HttpApi {
  /** `http://`, `https://` or `unix:/PATH`; absent: the usual one. */
  readonly api?: string | undefined
  /** Names of files. */
  readonly ca?: string | undefined
  readonly tokenFile?: string | undefined
}

export type AddressFamily = 'any' | 4 | 6

export const schemes = ['http', 'https', 'h2c', 'h2'] as const
export type Scheme = (typeof schemes)[number]

/** What a scheme means for an address. */
export const dialectOf = (scheme: Scheme = 'http'): Pick<NodeAddress, 'tls' | 'http2'> => ({
  ...(scheme === 'https' || scheme === 'h2' ? { tls: true } : {}),
  ...(scheme.startsWith('h2') ? { http2: true } : {}),
})

interface NameServer {
  readonly family: AddressFamily
  /** Absent: the resolver of the system. */
  readonly resolver?: HostPort | undefined
}

/** The source in logs and in the status, as `dns app.internal:8080`. */
export function sourceName(source: SourceSettings): string {
  switch (source.kind) {
    case 'file':
      return `file ${source.file}`
    case 'dns':
      return `dns ${source.name.host}:${source.name.port}`
    case 'srv':
      return `srv ${source.service}`
    case 'kubernetes':
      return `kubernetes ${kubernetesName(source)}${placeOf(source)}`
    case 'consul': {
      const { service, tag, datacenter, namespace } = source
      const name = [tag, service, namespace, datacenter].filter((part) => part !== undefined)
      return `consul ${name.join('.')}${placeOf(source)}`
    }
    case 'docker':
      return `docker ${source.label}${source.port === undefined ? '' : `:${source.port}`}${placeOf(source)}`
    default:
      return source satisfies never
  }
}

function kubernetesName({ service, selector, namespace, port }: KubernetesSettings): string {
  const what = [service, selector].filter((part) => part !== undefined).join(' ')
  return `${namespace === undefined ? '' : `${namespace}/`}${what}${port === undefined ? '' : `:${port}`}`
}

const placeOf = ({ api }: HttpApi): string => (api === undefined ? '' : ` at ${api}`)

/** Whether its nodes may have TLS; `undefined`: that is known with the list alone. */
export function hasTls(source: SourceSettings): boolean | undefined {
  switch (source.kind) {
    case 'file':
      return undefined
    case 'dns':
      return source.name.tls === true
    case 'srv':
      return source.tls
    case 'kubernetes':
      return source.scheme === undefined ? undefined : dialectOf(source.scheme).tls === true
    case 'consul':
      return dialectOf(source.scheme).tls === true
    case 'docker':
      // A label may say otherwise.
      return undefined
    default:
      return source satisfies never
  }
}
