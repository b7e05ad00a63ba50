// The proxy tells by datagram where its control listener is, as mod_advertise does (mcmp.md 4, decision 58).
// Started by server/serving.ts in the process that has the registry.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type Clock, systemClock } from '../base/clock.ts'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { openDatagrams } from '../net/datagram.ts'
import { type Advertisement, writeAdvertisement } from '../wire/advertise.ts'

export interface AdvertiserOptions {
  readonly group: HostPort
  /** Interface to send by, its name or one of its addresses. Default: the system's choice. */
  readonly interface?: string | undefined
  /** Routers that a datagram may pass, plus one: 0..255. mod_advertise has 10. */
  readonly ttl: number
  /** '' when none: then anybody may tell agents of another proxy. */
  readonly key: string
  /** Between two datagrams, ms. mod_advertise has 10 000. */
  readonly everyMs: number
  /** Where agents reach the control listener. */
  readonly address: HostPort
  readonly protocol: 'http' | 'https'
  readonly log: Logger
  readonly clock?: Clock
}

export interface Advertiser {
  /** Says that the proxy is about to leave. */
  drain(): void
  /** Says that it is gone, and ends. */
  close(): Promise<void>
}

/** The first datagram leaves at once. @throws RangeError for an address that does not fit into a datagram. */
export function startAdvertiser(options: AdvertiserOptions): Advertiser {
  const { group, ttl, key, everyMs, address, protocol, log, clock = systemClock } = options
  const server = randomUUID()
  const manager = {
    address: hostPortText(address),
    url: `/${server}`,
    protocol,
    host: hostname()
      .replace(/[^A-Za-z0-9.-]/g, '-')
      .slice(0, 63),
  }
  let sequence = 0
  const bytes = (status: Advertisement['status']): Buffer => {
    sequence += 1
    const said = status === 200 ? { manager } : {}
    return writeAdvertisement({ status, time: clock.wall(), sequence, server, ...said }, key)
  }
  const first = bytes(200)
  const datagrams = openDatagrams({
    to: [group],
    ttl,
    log,
    ...(options.interface === undefined ? {} : { interface: options.interface }),
  })
  let timer: NodeJS.Timeout | undefined
  void datagrams.ready.then(() => {
    if (leaving) return
    datagrams.send(first)
    timer = setInterval(() => datagrams.send(bytes(200)), everyMs)
    timer.unref()
  })
  let leaving = false
  const drain = (): void => {
    if (leaving) return
    leaving = true
    clearInterval(timer)
    datagrams.send(bytes(403))
  }
  return {
    drain,
    async close() {
      drain()
      datagrams.send(bytes(410))
      await datagrams.close()
    },
  }
}
