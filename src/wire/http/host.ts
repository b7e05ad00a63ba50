// The grammar of Host and of the authority in a request target [RFC 9110 7.2, RFC 3986 3.2.2].

import { isIPv6 } from 'node:net'
import { COLON, hexValue, isDigit, isHostByte } from './bytes.ts'

const OPEN = 0x5b
const CLOSE = 0x5d
const PERCENT = 0x25
const portMax = 65_535
/** Of eight groups, the last two as an IPv4 address. */
const ipv6Max = '0000:0000:0000:0000:0000:0000:255.255.255.255'.length

/**
 * Whether bytes[from..to) is `uri-host [":" port]`, without user information.
 * @param mayBeEmpty true for Host; the authority in a target must not be empty [RFC 9110 4.2.1].
 */
export function isAuthority(bytes: Buffer, from: number, to: number, mayBeEmpty: boolean): boolean {
  if (from === to) return mayBeEmpty
  let i = from
  if (bytes[i] === OPEN) {
    i++
    while (i < to && (hexValue[bytes[i]!]! >= 0 || bytes[i] === COLON || bytes[i] === 0x2e)) i++
    if (i === to || bytes[i] !== CLOSE || i - from > ipv6Max + 1) return false
    if (!isIPv6(bytes.toString('latin1', from + 1, i))) return false
    i++
  } else {
    while (i < to && isHostByte[bytes[i]!] === 1) {
      if (bytes[i] === PERCENT && !isEscape(bytes, i, to)) return false
      i++
    }
    if (i === from) return false
  }
  if (i === to) return true
  if (bytes[i] !== COLON || to - i > 6) return false
  let port = 0
  for (i++; i < to; i++) {
    if (isDigit[bytes[i]!] !== 1) return false
    port = port * 10 + bytes[i]! - 0x30
  }
  return port <= portMax
}

/** Whether two hexadecimal digits follow the `%` at `at`. */
export function isEscape(bytes: Buffer, at: number, end: number): boolean {
  return at + 2 < end && hexValue[bytes[at + 1]!]! >= 0 && hexValue[bytes[at + 2]!]! >= 0
}

/**
 * `hostWithoutPort` without the final dot of a fully qualified name, and with the shortest spelling of an IPv6 address: the
 * key by which hosts are compared.
 */
export function hostKey(authority: string): string {
  const name = hostWithoutPort(authority)
  if (name.startsWith('['))
    return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : name
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** The host of an authority without its port, in lower case; an IPv6 address keeps its brackets. */
export function hostWithoutPort(authority: string): string {
  const closing = authority.lastIndexOf(']')
  const colon = authority.indexOf(':', closing + 1)
  return (colon < 0 ? authority : authority.slice(0, colon)).toLowerCase()
}
