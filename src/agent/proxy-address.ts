// Addresses of proxies: how options write them, and the key under which one proxy is known once.
// Pure.

import { isIP } from 'node:net'
import { controlPort, type Endpoint, type HostPort, parseHostPort } from '../base/host-port.ts'
import { isUnixAddress, parseUnixAddress } from '../base/unix-address.ts'

/** A proxy to hold a link to. */
export interface ProxyAddress extends Endpoint {
  /** The name that was looked up; the proxy's certificate must have it. */
  readonly name?: string
  /** Found by its datagrams alone, which any machine on the network can send. */
  readonly isAdvertised?: true
}

const secureScheme = 'https://'

/**
 * `host:port`, with the port 6666 by default, or `unix:/path`; with `https://` in front for TLS. `undefined` for anything
 * else.
 */
export function parseProxyAddress(text: string): Endpoint | undefined {
  const whole = text.trim()
  const isSecure = whole.startsWith(secureScheme)
  const place = isSecure ? whole.slice(secureScheme.length).replace(/\/$/, '') : whole
  const address = parseUnixAddress(place) ?? parseHostPort(place, controlPort)
  return address === undefined || !isSecure ? address : { ...address, tls: true }
}

/** Two addresses with the same key are one proxy. */
export const keyOf = ({ host, port }: HostPort): string => `${host} ${port}`

/** Whether a host has to be looked up. `localhost` is not: its two addresses are one proxy. */
export const isName = (host: string): boolean =>
  isIP(host) === 0 && host !== 'localhost' && !isUnixAddress(host)
