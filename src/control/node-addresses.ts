// Which addresses a node may announce: whoever can register could otherwise make the proxy connect to hosts
// that are none of its business (mcmp.md 8, decisions 8, 61). Called by the receiver for CONFIG and PING.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import { networkCheck } from '../net/network-check.ts'

/** Where clouds hand out credentials to whoever asks: link-local addresses, and those of two clouds beside. */
const metadata: readonly string[] = [
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::254',
  '100.100.100.200',
]

/** All addresses of a host name; none when it has none, or does not say in time. */
export type Lookup = (name: string) => Promise<readonly string[]>

/**
 * Whether a node may be at a host, by a list of addresses, networks, host names and `.suffix` or `*.suffix`
 * for all names below. Of no list: everywhere but at addresses where clouds hand out credentials.
 * @throws RangeError for an entry that is none of these.
 */
export function nodeAddressCheck(
  allow: readonly string[],
  find: Lookup = addressesOf,
): (host: string) => Promise<boolean> {
  if (allow.length === 0) {
    const isMetadata = networkCheck(metadata, 'metadata')
    return async (host) => !(await allOf(host, find)).some(isMetadata)
  }
  const isNamed = nameCheck(allow.filter(isNameEntry))
  const isInside = networkCheck(
    allow.filter((entry) => !isNameEntry(entry)),
    'control.nodes',
  )
  return async (host) => {
    if (isIP(host) === 0 && isNamed(host)) return true
    const addresses = await allOf(host, find)
    return addresses.length > 0 && addresses.every(isInside)
  }
}

/** A host name or a suffix of names, as opposed to an address or a network. */
export const isNameEntry = (entry: string): boolean =>
  isIP(entry) === 0 &&
  !/^[\d./]+$/.test(entry) &&
  /^(?:\*?\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/.test(entry)

function nameCheck(entries: readonly string[]): (host: string) => boolean {
  const folded = entries.map((entry) => entry.toLowerCase().replace(/^\*\./, '.'))
  const names = new Set(folded.filter((entry) => !entry.startsWith('.')))
  const suffixes = folded.filter((entry) => entry.startsWith('.'))
  return (host) => {
    const name = host.toLowerCase().replace(/\.$/, '')
    return names.has(name) || suffixes.some((suffix) => name.endsWith(suffix))
  }
}

async function allOf(host: string, find: Lookup): Promise<readonly string[]> {
  return isIP(host) === 0 ? await find(host) : [host]
}

async function addressesOf(name: string): Promise<readonly string[]> {
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
