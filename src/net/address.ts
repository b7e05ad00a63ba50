// Forms of addresses that mean something: loopback, wildcard, IPv4 inside IPv6, and unix sockets. Pure.

import { groupsOf } from '../base/ipv6-groups.ts'

/** Without the IPv6 form of an IPv4 address (`::ffff:10.0.0.1`) and without the zone of a link-local one. */
export const plainAddress = (address: string): string =>
  address.includes(':') ? withoutForm(address) : address

const withoutForm = (address: string): string =>
  address.replace(/^::ffff:(?=\d{1,3}\.)/, '').split('%', 1)[0] as string

/** Stands for the address of a client on a unix socket, which has none: in lists of networks, limits and logs. */
export const unixClient = 'unix'

/** Whether a host is this machine alone: a loopback address or `localhost`. */
export const isLoopback = (host: string): boolean =>
  host === '::1' || host === 'localhost' || /^(::ffff:)?127(?:\.\d{1,3}){3}$/.test(host)

const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])

/** Whether an address stands for all of this machine's: one to listen on, never one to connect to. */
export const isWildcard = (address: string): boolean => wildcards.has(address)

/** The network that one subscriber has: an IPv4 address, or the /64 network of an IPv6 address [RFC 6177]. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const plain = plainAddress(address)
  return groupsOf(plain)?.slice(0, 4).join(':') ?? plain
}

/**
 * The IPv4 addresses that packets to an IPv6 address may reach: mapped and translated ones, those behind NAT64
 * [RFC 6052, RFC 8215], 6to4 [RFC 3056] and Teredo [RFC 4380].
 */
export function embeddedIPv4(address: string): string[] {
  const groups = groupsOf(address)
  if (groups === undefined) return []
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups
  const found: string[] = []
  const isBehindZeros = a === 0 && b === 0 && c === 0 && d === 0
  if (isBehindZeros && (f === 0 || f === 0xffff) && e === 0) found.push(dotted(g, h))
  if (isBehindZeros && e === 0xffff && f === 0) found.push(dotted(g, h))
  if (a === 0x64 && b === 0xff9b) found.push(dotted(g, h))
  if (a === 0x2002) found.push(dotted(b, c))
  if (a === 0x2001 && b === 0) found.push(dotted(c, d), dotted(g ^ 0xffff, h ^ 0xffff))
  return found
}

const dotted = (high: number, low: number): string =>
  `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`
