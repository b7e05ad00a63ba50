// How an agent listens for proxies that tell of themselves, and the checks. Called by options.ts.

import { parseHostPort } from '../base/host-port.ts'
import { customaryGroup } from '../wire/advertise.ts'
import type { AdvertiseSettings } from './discovery.ts'

export interface AdvertiseOptions {
  /** Multicast group and port. Default `224.0.1.105:23364`, as httpd and WildFly have it. */
  readonly group?: string
  /** Network interface, its name or one of its addresses. Default: the system's choice. */
  readonly interface?: string
  /** The proxies' key (AdvertiseSecurityKey). Default none: then anybody on the network can name a proxy. */
  readonly key?: string
  /**
   * Believe only datagrams with Topspin's own code over all of it, which replays and changes do not have.
   * httpd sends none. Default false.
   */
  readonly requireMac?: boolean
}

export function advertiseFrom(
  options: AdvertiseOptions | undefined,
  problems: string[],
): AdvertiseSettings | undefined {
  if (options === undefined) return undefined
  const { group, key = '', requireMac = false } = options
  const place = group === undefined ? customaryGroup : parseHostPort(group, customaryGroup.port)
  if (place === undefined)
    problems.push(`advertise.group "${group}": host:port of a multicast group`)
  if (requireMac && key === '') problems.push('advertise.requireMac needs advertise.key')
  return { group: place ?? customaryGroup, interface: options.interface, key, requireMac }
}
