// The destination of datagrams: a multicast group, a broadcast address or one host. Pure; used by datagram.ts.

import { isIP } from 'node:net'
import type { HostPort } from '../base/host-port.ts'

export interface Destination {
  /** An IP address. */
  readonly host: string
  readonly port: number
  readonly family: 4 | 6
  readonly kind: 'group' | 'broadcast' | 'host'
}

/** @param networks of this machine, for example `10.0.0.7/24`; the last address of each is its broadcast address. */
export function destination({ host, port }: HostPort, networks: readonly string[]): Destination {
  const family = isIP(host) === 6 ? 6 : 4
  return { host, port, family, kind: kindOf(host, family, networks) }
}

function kindOf(host: string, family: 4 | 6, networks: readonly string[]): Destination['kind'] {
  if (family === 6) return /^ff/i.test(host) ? 'group' : 'host'
  const first = Number.parseInt(host, 10)
  if (first >= 224 && first <= 239) return 'group'
  const isBroadcast = host === '255.255.255.255' || networks.map(broadcastOf).includes(host)
  return isBroadcast ? 'broadcast' : 'host'
}

/** `undefined` for IPv6, and for networks of one or two addresses, which have no broadcast address. */
export function broadcastOf(network: string): string | undefined {
  const [address = '', prefix = '32'] = network.split('/')
  const length = Number(prefix)
  if (isIP(address) !== 4 || length > 30) return undefined
  const bits = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const size = 2 ** (32 - length)
  const last = Math.floor(bits / size) * size + size - 1
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.')
}
