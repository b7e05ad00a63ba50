// Starts to advertise the proxy by multicast, as the configuration says. Used by serving.ts.

import type { Logger } from 'pino'
import type { HostPort } from '../base/host-port.ts'
import type { Config } from '../config/schema.ts'
import { type Advertiser, startAdvertiser } from '../control/advertiser.ts'
import { outsideAddress, ownInterface } from '../net/own-interface.ts'

/** @param bound the address of the control listener. @returns undefined when the configuration does not ask for it. */
export function startAdvertising(
  { advertise }: Config,
  bound: HostPort,
  protocol: 'http' | 'https',
  log: Logger,
): Advertiser | undefined {
  const { group, key, every, ttl } = advertise
  if (group === undefined) return undefined
  const address = advertise.address ?? {
    host: reachable(bound.host, advertise.interface),
    port: bound.port,
  }
  if (key === undefined)
    log.warn(
      {},
      'advertise.key is not set: any machine on the network can advertise another proxy to the nodes',
    )
  log.info({ group, address }, 'advertising')
  return startAdvertiser({
    group,
    address,
    interface: advertise.interface,
    ttl,
    key: key ?? '',
    everyMs: every,
    protocol,
    log,
  })
}

/** The host; for a wildcard the address of the interface that sends the datagrams. */
function reachable(host: string, which: string | undefined): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const own = which === undefined ? undefined : ownInterface(which)?.v4
  return own ?? outsideAddress() ?? '127.0.0.1'
}
