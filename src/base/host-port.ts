// Addresses as `host:port`, as people, environment variables and URLs write them. The one place that puts IPv6
// addresses into brackets.

import { isIP } from 'node:net'

export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** An address and whether connections to it use TLS; plain TCP where `tls` is absent. */
export interface Endpoint extends HostPort {
  readonly tls?: true
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`; undefined for anything else. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text.trim())
  if (match === null) return undefined
  const host = match[1] ?? match[2] ?? ''
  // A port without a host is refused: resolvers read 6666 as the address 0.0.26.10.
  if (/^[\d.]+$/.test(host) && isIP(host) === 0) return undefined
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** A name or address as it stands in a URL: IPv6 addresses in brackets [RFC 3986 3.2.2], unless they are already. */
export const hostText = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]` : host

export const hostPortText = ({ host, port }: HostPort): string => `${hostText(host)}:${port}`
