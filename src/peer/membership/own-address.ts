// The address at which peers reach this server, where none is given.

import { isIP } from 'node:net'
import { currentInterfaces, type Interfaces, ownInterface } from '../../net/own-interface.ts'

const wildcards: readonly string[] = ['', '0.0.0.0', '::']

/**
 * @param listens address that the server listens on. For a wildcard: the address of the interface, else the first address
 *   that other machines can reach, else the loopback address.
 * @param which name or address of an interface.
 */
export function ownAddress(
  listens: string,
  which: string | undefined,
  interfaces: Interfaces = currentInterfaces(),
): string {
  if (!wildcards.includes(listens)) return listens
  if (which !== undefined && isIP(which) !== 0) return which
  const own = which === undefined ? undefined : ownInterface(which, interfaces)?.v4
  const others = Object.values(interfaces).flatMap((entries = []) =>
    entries.filter(({ internal, address }) => !internal && !address.startsWith('fe80:')),
  )
  const first = others.find(({ family }) => family === 'IPv4') ?? others[0]
  return own ?? first?.address ?? '127.0.0.1'
}
