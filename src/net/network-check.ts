// Addresses and networks of a setting, as the question whether an address is one of them.

import { BlockList, isIPv6 } from 'node:net'

/**
 * Whether an address lies in one of these addresses and networks; of no list, none does.
 * @param what the setting that the entries are from, for the error.
 * @throws RangeError for what is neither an address nor a network.
 */
export function networkCheck(
  entries: readonly string[],
  what: string,
): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) {
    const slash = entry.indexOf('/')
    const address = slash < 0 ? entry : entry.slice(0, slash)
    const prefix = slash < 0 ? undefined : entry.slice(slash + 1)
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    try {
      if (prefix === undefined) list.addAddress(address, family)
      else list.addSubnet(address, prefixOf(prefix), family)
    } catch (cause) {
      throw new RangeError(`${what}: not an address or network: ${entry}`, { cause })
    }
  }
  if (entries.length === 0) return () => false
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** NaN, which no network has, for what is not a plain number: an empty one would be 0, and that is everybody. */
const prefixOf = (prefix: string): number =>
  /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
