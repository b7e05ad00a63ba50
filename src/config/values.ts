// The small grammars of configuration values: durations and addresses. Pure; used by the
// schema for the file, the environment and the flags alike.

import { BlockList, isIP } from 'node:net'
import type { Endpoint, HostPort } from '../base/host-port.ts'

/**
 * `host:port`, `[v6]:port`, `:port` or `port` (the last two on 127.0.0.1); port 0 is any free one, for
 * listening only. `undefined` when it is none.
 */
export function parseEndpoint(value: string | number): HostPort | undefined {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]*)):)?(\d{1,5})$/.exec(String(value).trim())
  if (match === null) return undefined
  const [, v6, name, digits] = match
  const port = Number(digits)
  if (port > 65_535) return undefined
  if (v6 !== undefined) return isIP(v6) === 6 ? { host: v6, port } : undefined
  const host = name === undefined || name === '' ? '127.0.0.1' : name
  return isHost(host) ? { host, port } : undefined
}

/** The same with `https://` or `http://` in front, or nothing, which is the latter. */
export function parseSecureEndpoint(value: string | number): Endpoint | undefined {
  const match = /^(?:(https?):\/\/)?([^/]*)\/?$/.exec(String(value).trim())
  const found = match === null ? undefined : parseEndpoint(match[2] ?? '')
  return found !== undefined && match?.[1] === 'https' ? { ...found, tls: true } : found
}

/** Whether the text is an address or a network in CIDR form, for example `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  if (!/^\d{1,3}$/.test(prefix)) return false
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch {
    return false
  }
}

function isHost(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIP(host) === 4
  return (
    host.length <= 253 &&
    host
      .split('.')
      .every((label) => /^[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$/.test(label))
  )
}
