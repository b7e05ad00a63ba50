// The option `advertise` of an agent and its checks. Used by settings.ts.

import { parseHostPort } from '../base/host-port.ts'
import { customaryGroup } from '../wire/advertise.ts'
import type { AdvertiseSettings } from './discovery.ts'

export interface AdvertiseOptions {
  /** Multicast group and port. Default `224.0.1.105:23364`, as in httpd and WildFly. */
  readonly group?: string | undefined
  /** Network interface, by its name or one of its addresses. Default: the system's choice. */
  readonly interface?: string | undefined
  /** The proxies' key (AdvertiseSecurityKey). Default none: any machine on the network can then advertise a proxy. */
  readonly key?: string | undefined
  /**
   * Whether only datagrams with Topspin's code over the whole datagram are accepted, which prevents changes and
   * replays. httpd sends no code. Default false.
   */
  readonly requireMac?: boolean | undefined
}

export function advertiseFrom(
  options: AdvertiseOptions | undefined,
  problems: string[],
): AdvertiseSettings | undefined {
  if (options === undefined) return undefined
  const { group, key = '', requireMac = false } = options
  const address = group === undefined ? customaryGroup : parseHostPort(group, customaryGroup.port)
  if (address === undefined)
    problems.push(`advertise.group "${group}": write host:port of a multicast group`)
  if (requireMac && key === '') problems.push('advertise.requireMac needs advertise.key')
  return { group: address ?? customaryGroup, interface: options.interface, key, requireMac }
}
