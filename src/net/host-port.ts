// `host:port` as people and environment variables write it; IPv6 addresses stand in brackets.

import { isIP } from 'node:net'

export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
}

/** An address with the way it is spoken to: plainly where `tls` is absent. */
export interface Endpoint extends HostPort {
  readonly tls?: true
}

/** `host`, `host:port`, `[v6]` or `[v6]:port`; undefined for anything else. */
export function parseHostPort(text: string, defaultPort: number): HostPort | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text.trim())
  if (match === null) return undefined
  const host = match[1] ?? match[2] ?? ''
  // A port that lost its host would be looked up as a number: 6666 is 0.0.26.10 to some.
  if (/^[\d.]+$/.test(host) && isIP(host) === 0) return undefined
  const port = match[3] === undefined ? defaultPort : Number(match[3])
  return port >= 1 && port <= 65_535 ? { host, port } : undefined
}

export function hostPortText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
