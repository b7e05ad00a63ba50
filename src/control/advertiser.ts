// Advertises the control listener by datagrams, as mod_advertise does (mcmp.md 4, decision 58). Started by
// server/advertising.ts in the process that has the registry.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { type Clock, systemClock } from '../base/clock.ts'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { openDatagrams } from '../net/datagram.ts'
import { type Advertisement, writeAdvertisement } from '../wire/advertise.ts'

interface AdvertiserOptions {
  readonly group: HostPort
  /** Network interface, by its name or one of its addresses. Default: the system's choice. */
  readonly interface?: string | undefined
  /** Routers that a datagram may pass, plus one: 0..255. mod_advertise has 10. */
  readonly ttl: number
  /** '' for none: any machine on the network can then advertise another proxy. */
  readonly key: string
  /** Between two datagrams, ms. mod_advertise has 10 000. */
  readonly everyMs: number
  /** Where agents reach the control listener. */
  readonly address: HostPort
  readonly protocol: 'http' | 'https'
  /** Of an advertiser that this one continues. Default: a new proxy. */
  readonly identity?: AdvertiserIdentity | undefined
  readonly log: Logger
  readonly clock?: Clock
}

/** How nodes recognise the datagrams of one proxy. */
export interface AdvertiserIdentity {
  readonly server: string
  /** Of the last datagram. */
  readonly sequence: number
}

export interface Advertiser {
  readonly identity: AdvertiserIdentity
  /** Sends nothing more: another advertiser continues. */
  stop(): Promise<void>
  /** Advertises that the proxy is about to leave, and stops the periodic datagrams. */
  drain(): void
  /** Advertises that the proxy is gone, and ends. */
  close(): Promise<void>
}

/** Sends the first datagram at once. @throws RangeError for an address that does not fit into a datagram. */
export function startAdvertiser(options: AdvertiserOptions): Advertiser {
  const { group, ttl, everyMs, log } = options
  const { write, identity } = datagramWriter(options)
  const first = write(200)
  const datagrams = openDatagrams({
    to: [group],
    ttl,
    log,
    ...(options.interface === undefined ? {} : { interface: options.interface }),
  })
  let timer: NodeJS.Timeout | undefined
  let isLeaving = false
  void datagrams.ready.then(() => {
    if (isLeaving) return
    datagrams.send(first)
    timer = setInterval(() => datagrams.send(write(200)), everyMs)
    timer.unref()
  })
  const drain = (): void => {
    if (isLeaving) return
    isLeaving = true
    clearInterval(timer)
    datagrams.send(write(403))
  }
  return {
    get identity() {
      return identity()
    },
    drain,
    async stop() {
      isLeaving = true
      clearInterval(timer)
      await datagrams.close()
    },
    async close() {
      drain()
      datagrams.send(write(410))
      await datagrams.close()
    },
  }
}

interface DatagramWriter {
  readonly write: (status: Advertisement['status']) => Buffer
  readonly identity: () => AdvertiserIdentity
}

/** Numbers the datagrams of one run; the status is 200 while the proxy runs, 403 when it drains, 410 at the end. */
function datagramWriter({
  address,
  protocol,
  key,
  identity = { server: randomUUID(), sequence: 0 },
  clock = systemClock,
}: AdvertiserOptions): DatagramWriter {
  const { server } = identity
  const host = hostname()
    .replace(/[^A-Za-z0-9.-]/g, '-')
    .slice(0, 63)
  const manager = { address: hostPortText(address), url: `/${server}`, protocol, host }
  let { sequence } = identity
  return {
    identity: () => ({ server, sequence }),
    write: (status) => {
      sequence += 1
      const advertisement = { status, time: clock.wall(), sequence, server }
      return writeAdvertisement(status === 200 ? { ...advertisement, manager } : advertisement, key)
    },
  }
}
