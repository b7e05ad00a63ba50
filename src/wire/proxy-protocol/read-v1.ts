// Reads version 1 of the PROXY header: one line of text. Pure.

import { isIP } from 'node:net'
import { canonicalAddress } from './address.ts'
import { type HeaderResult, invalid } from './header.ts'

/** Longest line with its CRLF, bytes (section 2.1 of the specification). */
export const lineBytesMax = 107

/** @param line without CRLF. */
export function readV1(line: string): HeaderResult {
  // Addresses behind UNKNOWN do not count.
  if (/^PROXY UNKNOWN(?: .*)?$/.test(line)) return { kind: 'unknown', isSecure: false }
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] =
    /^PROXY TCP([46]) (\S{1,45}) (\S{1,45}) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})$/.exec(line) ?? []
  if (family === undefined)
    return invalid('the PROXY line is not "PROXY TCP4 or TCP6, two addresses, two ports"')
  const ports = [Number(sourcePort), Number(destinationPort)] as const
  if (ports.some((port) => port > 65_535)) return invalid('a port of the PROXY line is above 65535')
  for (const address of [source, destination])
    if (isIP(address) !== Number(family) || address.includes('%'))
      return invalid(`an address of the PROXY line is not of TCP${family}`)
  return {
    kind: 'tcp',
    isSecure: false,
    source: { host: canonicalAddress(source), port: ports[0] },
    destination: { host: canonicalAddress(destination), port: ports[1] },
  }
}
