// Which addresses a node may register. Without the check a sender of messages could make the proxy connect to
// any host (mcmp.md decisions 8 and 61). Called by message-handler.ts for CONFIG and PING.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import { embeddedIPv4 } from '../net/address.ts'
import { networkCheck } from '../net/network-check.ts'

/** Where clouds serve credentials without authentication: link-local addresses, and those of some clouds. */
const metadata: readonly string[] = [
  '169.254.0.0/16',
  'fe80::/10',
  // Amazon, Oracle (twice), Google, Alibaba, Azure.
  'fd00:ec2::254',
  '192.0.0.192',
  'fd00:c1::a9fe:a9fe',
  'fd20:ce::254',
  '100.100.100.200',
  '168.63.129.16',
]

/** All addresses of a host name; none when the look-up fails or times out. */
type Lookup = (name: string) => Promise<readonly string[]>

/**
 * Makes the check whether a node may be at a host.
 * @param allow addresses, networks, host names, and `.suffix` or `*.suffix` for all names below; empty:
 *   everywhere except where clouds serve credentials. A name that does not resolve is let in: it reaches nothing.
 * @throws RangeError for an entry that is none of these.
 */
export function nodeAddressCheck(
  allow: readonly string[],
  find: Lookup = lookUp,
): (host: string) => Promise<boolean> {
  if (allow.length === 0) {
    const isMetadata = networkCheck(metadata, 'metadata')
    return async (host) => {
      const addresses = await addressesOf(host, find)
      const reached = addresses.flatMap((address) => [address, ...embeddedIPv4(address)])
      return !reached.some(isMetadata)
    }
  }
  const isListedName = nameCheck(allow.filter(isNameEntry))
  const isInNetwork = networkCheck(
    allow.filter((entry) => !isNameEntry(entry)),
    'control.nodes',
  )
  return async (host) => {
    if (isIP(host) === 0 && isListedName(host)) return true
    const addresses = await addressesOf(host, find)
    return addresses.length > 0 && addresses.every(isInNetwork)
  }
}

/** Whether an entry is a host name or a suffix of names, and not an address or a network. */
export const isNameEntry = (entry: string): boolean =>
  isIP(entry) === 0 &&
  !/^[\d./]+$/.test(entry) &&
  /^(?:\*?\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/.test(entry)

/** A check whether a host name is one of these, or below one of the suffixes among them. */
export function nameCheck(entries: readonly string[]): (host: string) => boolean {
  const folded = entries.map((entry) => entry.toLowerCase().replace(/^\*\./, '.'))
  const names = new Set(folded.filter((entry) => !entry.startsWith('.')))
  const suffixes = folded.filter((entry) => entry.startsWith('.'))
  return (host) => {
    const name = host.toLowerCase().replace(/\.$/, '')
    return names.has(name) || suffixes.some((suffix) => name.endsWith(suffix))
  }
}

async function addressesOf(host: string, find: Lookup): Promise<readonly string[]> {
  return isIP(host) === 0 ? await find(host) : [host]
}

async function lookUp(name: string): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(() => resolve([]), mcmpLimits.lookupMs)
  })
  const found = lookup(name, { all: true }).then(
    (all) => all.map(({ address }) => address),
    () => [],
  )
  const addresses = await Promise.race([found, late])
  clearTimeout(timer)
  return addresses
}
