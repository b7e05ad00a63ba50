// Addresses as `host:port`, as people, environment variables and URLs write them. The one place that puts IPv6
// addresses into brackets. Addresses of unix sockets: unix-address.ts.

import { isIP } from 'node:net'
import { isUnixAddress, parseUnixAddress } from './unix-address.ts'

export interface HostPort {
  /** A name or an address, without brackets; or `unix:/path`. */
  readonly host: string
  /** 0 for a unix socket. */
  readonly port: number
}

/** An address and whether connections to it use TLS; plain TCP where `tls` is absent. */
export interface Endpoint extends HostPort {
  readonly tls?: true
}

/** The address of a node; HTTP/1.1 where `http2` is absent. */
export interface NodeAddress extends Endpoint {
  readonly http2?: true
}

/** MCMP's usual port. */
export const controlPort = 6666

/** Where a proxy listens by default, for clients and for nodes. */
export const defaultAddresses: { readonly clients: string; readonly nodes: string } = {
  clients: '127.0.0.1:8000',
  nodes: `127.0.0.1:${controlPort}`,
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`; undefined for anything else. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(
    text.trim(),
  )
  if (match === null) return undefined
  const host = match[1] ?? match[2] ?? ''
  // A port without a host is refused: resolvers read 6666 as the address 0.0.26.10.
  if (/^[\d.]+$/.test(host) && isIP(host) === 0) return undefined
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/**
 * `host:port`, `[v6]:port`, `:port` or `port` (the last two on 127.0.0.1), 0 to 65535; undefined for anything else.
 * Port 0 is any free one, for listening only.
 */
export function parseEndpoint(value: string | number): HostPort | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]{2,45})\]|([^\s:/[\]]{0,253})):)?(\d{1,5})$/.exec(
    String(value).trim(),
  )
  if (match === null) return undefined
  const [, v6, name, digits] = match
  const port = Number(digits)
  if (port > 65_535) return undefined
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port } : undefined
  const host = name === undefined || name === '' ? '127.0.0.1' : name
  return isNameOrIPv4(host) ? { host, port } : undefined
}

/** The same with `https://` in front for TLS; `http://` or nothing in front is plain TCP. */
export function parseSecureEndpoint(value: string | number): Endpoint | undefined {
  const match = /^(?:(https?):\/\/)?([^/]*)\/?$/.exec(String(value).trim())
  const found = match === null ? undefined : parseEndpoint(match[2] ?? '')
  return found !== undefined && match?.[1] === 'https' ? { ...found, tls: true } : found
}

/** The same, or `unix:/path`, also with `https://` in front. */
export function parseSocketAddress(value: string | number): Endpoint | undefined {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(unix:.*)$/.exec(String(value).trim()) ?? []
  const found = parseUnixAddress(rest)
  if (found === undefined) return parseSecureEndpoint(value)
  return scheme === 'https' ? { ...found, tls: true } : found
}

/** The same for a node: also with `h2c://` in front for HTTP/2 in the clear, and `h2://` for HTTP/2 over TLS. */
export function parseNodeAddress(value: string | number): NodeAddress | undefined {
  const [, scheme, rest = ''] = /^(h2c?):\/\/(.*)$/.exec(String(value).trim()) ?? []
  if (scheme === undefined) return parseSocketAddress(value)
  const found = parseSocketAddress(`${scheme === 'h2' ? 'https' : 'http'}://${rest}`)
  return found === undefined ? undefined : { ...found, http2: true }
}

function isNameOrIPv4(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIP(host) === 4
  return (
    host.length <= 253 &&
    host
      .split('.')
      .every((label) => /^[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$/.test(label))
  )
}

/** An IPv6 address without its brackets, as sockets take it; any other host as it is. */
export const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')

/** A name or address as it stands in a URL: IPv6 addresses in brackets [RFC 3986 3.2.2], unless they are already. */
export const hostText = (host: string): string =>
  host.includes(':') && !host.startsWith('[') && !isUnixAddress(host) ? `[${host}]` : host

/** The same for every spelling of an address: names in any case, but paths as they are. */
export const addressKey = ({ host, port }: HostPort): string =>
  isUnixAddress(host) ? host : `${host.toLowerCase()}:${port}`

/** `host:port`, or `unix:/path`. */
export const hostPortText = ({ host, port }: HostPort): string =>
  isUnixAddress(host) ? host : `${hostText(host)}:${port}`
