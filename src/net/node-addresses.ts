// Where registered nodes may be. Without the check a sender of messages could make the proxy connect to any host
// (mcmp.md decisions 8 and 61). Used for messages (control/host-check.ts) and for each connection (checked-lookup.ts).

import { isIP } from 'node:net'
import { embeddedIPv4 } from './address.ts'
import { networkCheck } from './network-check.ts'

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

/**
 * Makes the check whether a node that is registered under a host may be at an address: that host itself, or one of those to
 * which its name resolves. Pure.
 * @param allow addresses, networks, host names, and `.suffix` or `*.suffix` for all names below; empty:
 *   everywhere except where clouds serve credentials. Under a listed name that holds, too, unless a network allows more.
 * @throws RangeError for an entry that is none of these.
 */
export function addressCheck(allow: readonly string[]): (host: string, address: string) => boolean {
  const isMetadata = networkCheck(metadata, 'metadata')
  const isElsewhere = (address: string): boolean =>
    !isMetadata(address) && !embeddedIPv4(address).some(isMetadata)
  if (allow.length === 0) return (_, address) => isElsewhere(address)
  const isListedName = nameCheck(allow.filter(isNameEntry))
  const isInNetwork = networkCheck(
    allow.filter((entry) => !isNameEntry(entry)),
    'control.nodes',
  )
  return (host, address) =>
    isInNetwork(address) || (isIP(host) === 0 && isListedName(host) && isElsewhere(address))
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
