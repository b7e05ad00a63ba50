// The forms of flag values: parsers for commander, each with an error that shows a right value. And the keys of the
// configuration that the flags of `topspin serve` set, which scripts/configuration-page.js lists.

import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../base/duration.ts'
import {
  type Endpoint,
  hostPortText,
  parseEndpoint,
  parseSocketAddress,
} from '../base/host-port.ts'

/** The key that each flag of `topspin serve` sets. */
export const keyOfFlag = {
  listen: 'listen',
  control: 'control.listen',
  console: 'control.console',
  to: 'to',
  workers: 'workers',
  state: 'state',
  advertise: 'advertise.group',
  xds: 'xds.listen',
} as const

/** The key that each flag of `topspin haproxy` sets. */
export const haproxyKeyOfFlag = {
  socket: 'haproxy.socket',
  map: 'haproxy.map',
  backends: 'haproxy.backends',
  server: 'haproxy.server',
  control: 'control.listen',
  state: 'state',
} as const

/** For flags that may be repeated. */
export function append(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** Milliseconds. */
export function duration(value: string): number {
  const ms = parseDuration(value)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('Write a duration, for example 10s, 500ms or 1.5m.')
}

export function wholeNumber(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('Write a whole number.')
}

/** Written in full: a port alone stands for 127.0.0.1. */
export function endpoint(value: string): string {
  const found = parseEndpoint(value)
  if (found !== undefined) return hostPortText(found)
  throw new InvalidArgumentError('Write HOST:PORT, for example 127.0.0.1:8000.')
}

/** An address, or a unix socket. */
export function socketAddress(value: string): string {
  const found = parseSocketAddress(value)
  if (found !== undefined) return endpointText(found)
  throw new InvalidArgumentError('Write HOST:PORT or unix:/PATH, with https:// in front for TLS.')
}

const endpointText = (found: Endpoint): string =>
  `${found.tls === true ? 'https://' : ''}${hostPortText(found)}`

/** A multicast group, or `on` for the usual one. */
export function multicastGroup(value: string): string {
  return value === 'on' ? value : endpoint(value)
}

/** The URL of a request, or its path alone. */
export function requestUrl(value: string): string {
  if (/^(https?:\/\/[^/\s]+)?\/\S*$/i.test(value) || /^https?:\/\/[^/\s]+$/i.test(value))
    return value
  throw new InvalidArgumentError('Write for example http://shop.test/cart or /cart.')
}
