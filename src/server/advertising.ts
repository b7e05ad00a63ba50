// Starts the proxy's datagrams about itself as the configuration says. Called by serving.ts.

import type { Logger } from 'pino'
import type { HostPort } from '../base/host-port.ts'
import type { Config } from '../config/schema.ts'
import { type Advertiser, startAdvertiser } from '../control/advertiser.ts'
import { outsideAddress, ownInterface } from '../net/own-interface.ts'

/** @returns undefined when the configuration does not ask for it. */
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
    log.warn({}, 'advertise.key is not set: anybody on the network can tell nodes of another proxy')
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

/** Of a wildcard, the address of the interface that the datagrams leave by. */
function reachable(host: string, which: string | undefined): string {
  if (host !== '0.0.0.0' && host !== '::') return host
  const own = which === undefined ? undefined : ownInterface(which)?.v4
  return own ?? outsideAddress() ?? '127.0.0.1'
}
