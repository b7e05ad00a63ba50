// The address at which others reach this server, when it was not told one. Called for what a peer announces
// of itself.

import { isIP } from 'node:net'
import {
  currentInterfaces,
  type Interfaces,
  outsideAddress,
  ownInterface,
} from '../../net/own-interface.ts'

const wildcards: readonly string[] = ['', '0.0.0.0', '::']

/**
 * @param listens where the server listens; a wildcard stands for the address of the interface, else for the
 *   first address that other machines can use, else for the loopback address.
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
  return own ?? outsideAddress(interfaces) ?? '127.0.0.1'
}
