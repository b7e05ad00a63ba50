// Whether a message may name a host as the address of a node. Called by message-handler.ts for CONFIG and PING.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { mcmpLimits } from '../base/limits.ts'
import { addressCheck, isNameEntry, nameCheck } from '../net/node-addresses.ts'

/** All addresses of a host name; none when the look-up fails or times out. */
type Lookup = (name: string) => Promise<readonly string[]>

/**
 * Makes the check whether a node may register at a host. Without a list, a name that does not resolve in time is let in,
 * as in httpd: each connection to it checks the address that it then has (checked-lookup.ts).
 * @param allow see `addressCheck`.
 * @throws RangeError for an entry that is not an address, network or name.
 */
export function hostCheck(
  allow: readonly string[],
  find: Lookup = lookUp,
): (host: string) => Promise<boolean> {
  const isAllowed = addressCheck(allow)
  const isListedName = nameCheck(allow.filter(isNameEntry))
  return async (host) => {
    if (isIP(host) !== 0) return isAllowed(host, host)
    if (isListedName(host)) return true
    const addresses = await find(host)
    if (addresses.length === 0) return allow.length === 0
    return addresses.every((address) => isAllowed(host, address))
  }
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
