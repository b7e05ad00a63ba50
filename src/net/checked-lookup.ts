// The look-up of the names of registered nodes at the moment of a connection: their addresses may have changed since the
// registration (DNS rebinding). For `net.connect` and `tls.connect`, which call it for names only, never for addresses.

import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { addressCheck } from './node-addresses.ts'

/** `dns.lookup` with `all: true`. */
type Resolve = (
  name: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/**
 * Makes a look-up that leaves out the addresses at which no node may be. When none remains it fails with
 * NODE_ADDRESS_REFUSED, and so does the connection.
 * @param allow see `addressCheck`.
 * @throws RangeError for an entry that is not an address, network or name.
 */
export function checkedLookup(
  allow: readonly string[],
  log: Logger,
  clock: Clock,
  resolve: Resolve = lookup,
): LookupFunction {
  const isAllowed = addressCheck(allow)
  const refusals = new ThrottledLog(log, clock, 'address of a node refused')
  return (host, options, callback) =>
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const allowed = addresses.filter(({ address }) => isAllowed(host, address))
      if (allowed.length < addresses.length) {
        const refused = addresses.filter((found) => !allowed.includes(found))
        refusals.warn({ host, refused: refused.map(({ address }) => address) })
      }
      const [first] = allowed
      if (first === undefined) callback(refusedError(addresses), [])
      else if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
}

function refusedError(addresses: readonly LookupAddress[]): TopspinError {
  const text = addresses.map(({ address }) => address).join(', ')
  return new TopspinError(
    'NODE_ADDRESS_REFUSED',
    `its name resolves to ${text}, which control.nodes.allow does not permit`,
    { side: 'node', phase: 'connect', retry: 'safe' },
  )
}
