// The look-up of the names of nodes at the moment of a connection. Those of registered nodes are checked: their addresses may
// have changed since the registration (DNS rebinding). For `net.connect` and `tls.connect`, which call it for names only,
// never for addresses.

import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { TopspinError } from '../base/errors.ts'
import { dnsLimits } from '../base/limits.ts'
import type { Logger } from '../base/log.ts'
import { ThrottledLog } from '../base/throttled-log.ts'
import { type Found, knownLookup } from './known-lookup.ts'
import { addressCheck } from './node-addresses.ts'

type Find = (name: string, options: { readonly all: true }, found: Found) => void

export interface LookupParts {
  readonly log: Logger
  readonly clock: Clock
  /** By default all look-ups of the process share what they know. */
  readonly find?: Find
}

/** @param waitMs how long an answer for a name without known addresses is awaited. */
export const findWithin =
  (waitMs: number): Find =>
  (name, options, found) =>
    knownLookup.find(name, options, waitMs, found)

/** The look-up for the name of a node. */
export type NodeLookup = (node: { readonly fixed: boolean }) => LookupFunction

/**
 * The author of the configuration is trusted with the names of fixed nodes, the sender of a registration is not.
 * @param allow see `addressCheck`; `undefined`: no address is checked.
 * @throws RangeError for an entry that is not an address, network or name.
 */
export function nodeLookup(allow: readonly string[] | undefined, parts: LookupParts): NodeLookup {
  const plain = plainLookup(parts)
  const checked = allow === undefined ? plain : checkedLookup(allow, parts)
  return ({ fixed }) => (fixed ? plain : checked)
}

function plainLookup({
  log,
  clock,
  find = findWithin(dnsLimits.answerMs),
}: LookupParts): LookupFunction {
  const failures = new ThrottledLog(log, clock, 'look-up failed: last addresses used')
  return (host, options, callback) =>
    find(host, { ...options, all: true }, (error, addresses, failure) => {
      if (failure !== undefined) failures.warn({ host, reason: failure.message })
      const [first] = addresses ?? []
      if (error !== null || first === undefined) callback(error, [])
      else if (options.all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
}

/**
 * Makes a look-up that leaves out the addresses at which no node may be. When none remains it fails with
 * NODE_ADDRESS_REFUSED, and so does the connection.
 * @param allow see `addressCheck`.
 * @throws RangeError for an entry that is not an address, network or name.
 */
function checkedLookup(allow: readonly string[], parts: LookupParts): LookupFunction {
  const { log, clock, find = findWithin(dnsLimits.answerMs) } = parts
  const isAllowed = addressCheck(allow)
  const refusals = new ThrottledLog(log, clock, 'address of a node refused')
  const checked: Find = (host, options, found) =>
    find(host, options, (error, addresses, failure) => {
      if (error !== null) return found(error, [])
      const allowed = addresses.filter(({ address }) => isAllowed(host, address))
      if (allowed.length < addresses.length) {
        const refused = addresses.filter((each) => !allowed.includes(each))
        refusals.warn({ host, refused: refused.map(({ address }) => address) })
      }
      if (allowed.length === 0) found(refusedError(addresses), [])
      else found(null, allowed, failure)
    })
  return plainLookup({ log, clock, find: checked })
}

function refusedError(addresses: readonly LookupAddress[]): TopspinError {
  const text = addresses.map(({ address }) => address).join(', ')
  return new TopspinError(
    'NODE_ADDRESS_REFUSED',
    `its name resolves to ${text}, which control.nodes.allow does not permit`,
    { side: 'node', phase: 'connect', retry: 'safe' },
  )
}
