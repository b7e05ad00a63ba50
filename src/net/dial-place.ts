// The place to connect to, as the options of `net.connect`. Used by connections to nodes and by probes.

import { socketPathOf } from '../base/unix-address.ts'

/** @param host a name, an IP address, or `unix:/path`, whose port does not count. */
export function dialPlace(
  host: string,
  port: number,
): { readonly path: string } | { readonly host: string; readonly port: number } {
  const path = socketPathOf(host)
  return path === undefined ? { host, port } : { path }
}
