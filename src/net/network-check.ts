// The check of an address against a list of addresses and networks in a setting.

import { BlockList, isIP } from 'node:net'
import { unixClient } from './address.ts'

/**
 * Makes the check whether an address is in a list; in an empty list no address is.
 * @param entries `unix` stands for all clients on unix sockets.
 * @param setting the name of the setting with the entries, for the error.
 * @throws RangeError for an entry that is neither an address nor a network.
 */
export function networkCheck(
  entries: readonly string[],
  setting: string,
): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of entries) {
    if (entry === unixClient) continue
    const slash = entry.indexOf('/')
    const address = slash < 0 ? entry : entry.slice(0, slash)
    const prefix = slash < 0 ? undefined : entry.slice(slash + 1)
    const family = familyOf(address)
    try {
      if (prefix === undefined) list.addAddress(address, family)
      else list.addSubnet(address, prefixOf(prefix), family)
    } catch (cause) {
      throw new RangeError(`${setting}: not an address or network: ${entry}`, { cause })
    }
  }
  // BlockList makes an object of each address.
  if (entries.length === 0) return () => false
  const hasUnix = entries.includes(unixClient)
  return (address) => {
    // A socket that was reset has no address, which BlockList refuses by an exception.
    if (isIP(address) === 0) return hasUnix && address === unixClient
    return list.check(address, familyOf(address))
  }
}

const familyOf = (address: string): 'ipv6' | 'ipv4' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** NaN, which BlockList refuses, for anything but a number: an empty prefix would be 0 and match every address. */
const prefixOf = (prefix: string): number =>
  /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
