// What the doctor finds out about multicast: is there an interface for it, does a datagram of our own come
// back, and which proxies are heard, or why those that are do not count.

import { networkInterfaces } from 'node:os'
import { systemClock } from '../../base/clock.ts'
import { type HostPort, hostPortText } from '../../base/host-port.ts'
import { advertiseLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'
import { waitUntil } from '../../base/wait.ts'
import { type Datagrams, openDatagrams } from '../../net/datagram.ts'
import { ownInterface } from '../../net/own-interface.ts'
import { readAdvertisement } from '../../wire/advertise.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export interface MulticastOptions {
  readonly group: HostPort
  readonly interface: string | undefined
  /** '' when none. */
  readonly key: string
  /** How long is listened for proxies, ms; they tell of themselves every 10 s. */
  readonly waitMs: number
}

/** What is heard of proxies, by the words of `readAdvertisement`. */
export interface HeardProxies {
  readonly good: ReadonlyMap<string, string>
  readonly wrongKey: number
  readonly broken: number
  /** Difference between a proxy's clock and this one, ms; undefined when none is too far. */
  readonly skewMs: number | undefined
}

export interface Multicast {
  readonly findings: readonly Finding[]
  /** Addresses of the proxies that were heard. */
  readonly proxies: readonly string[]
}

export async function multicastFindings(options: MulticastOptions): Promise<Multicast> {
  const { group, interface: which } = options
  const missing = interfaceFinding(which)
  if (missing !== undefined) return { findings: [missing], proxies: [] }
  const troubles: string[] = []
  const note = (detail: object, message: string): void => {
    const { error } = detail as { error?: string }
    troubles.push(error === undefined ? message : `${message}: ${error}`)
  }
  const log: Logger = { debug() {}, info() {}, warn: note, error: note }
  const mine = `topspin doctor ${process.pid} ${Math.random()}`
  let isBack = false
  const good = new Map<string, string>()
  const heard = { good, wrongKey: 0, broken: 0, skewMs: undefined as number | undefined }
  const datagrams = openDatagrams({
    to: [group],
    log,
    ...(which === undefined ? {} : { interface: which }),
    onDatagram: (bytes) => {
      if (bytes.toString('latin1') === mine) isBack = true
      else listenTo(bytes, options.key, heard)
    },
  })
  await datagrams.ready
  await sendUntil(datagrams, mine, () => isBack)
  const place = hostPortText(group)
  const findings = [ownFinding(place, isBack, troubles)]
  if (isBack) {
    await waitUntil(() => good.size > 0, { withinMs: options.waitMs })
    findings.push(...heardFindings(heard, place, options.waitMs))
  }
  await datagrams.close()
  return { findings, proxies: [...new Set(good.values())] }
}

function listenTo(
  bytes: Buffer,
  key: string,
  heard: {
    good: Map<string, string>
    wrongKey: number
    broken: number
    skewMs: number | undefined
  },
): void {
  const read = readAdvertisement(bytes, key)
  if (read === 'digest' || read === 'seal') heard.wrongKey++
  else if (typeof read === 'string')
    heard.broken += bytes.toString('latin1', 0, 5) === 'HTTP/' ? 1 : 0
  else {
    const skew = read.time - systemClock.wall()
    if (Math.abs(skew) > advertiseLimits.skewMs) heard.skewMs = skew
    else if (read.manager !== undefined) heard.good.set(read.server, read.manager.address)
  }
}

/** Pure, for tests. */
export function heardFindings(heard: HeardProxies, place: string, waitMs: number): Finding[] {
  const findings: Finding[] = []
  for (const address of heard.good.values()) {
    findings.push(ok('advertise', `a proxy tells that it is at ${address}`))
  }
  if (heard.wrongKey > 0) {
    findings.push(
      fail(
        'advertise',
        `${heard.wrongKey} datagrams were made with another key`,
        'give both sides the same key: advertise.key of the proxy (AdvertiseSecurityKey of httpd), TOPSPIN_ADVERTISE_KEY of the node',
      ),
    )
  }
  if (heard.skewMs !== undefined) {
    const seconds = Math.round(heard.skewMs / 1_000)
    findings.push(
      fail(
        'clock',
        `a proxy's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this one`,
        'set the clocks (NTP): datagrams with a date further away than five minutes are taken for replays',
      ),
    )
  }
  if (heard.broken > 0)
    findings.push(warn('advertise', `${heard.broken} datagrams are not readable`, ''))
  if (findings.length > 0) return findings
  return [
    fail(
      'advertise',
      `no proxy was heard at ${place} within ${waitMs / 1_000} s`,
      'does one advertise to this group (advertise.group)? On another machine: routers pass no multicast unless told to, clouds and container networks usually none; name the proxies instead (--proxy, TOPSPIN_PROXIES), by a DNS name if they change',
    ),
  ]
}

function interfaceFinding(which: string | undefined): Finding | undefined {
  if (which !== undefined && ownInterface(which) === undefined) {
    const names = Object.keys(networkInterfaces()).join(', ')
    return fail('interface', `this machine has no ${which}`, `it has ${names}`)
  }
  if (Object.keys(networkInterfaces()).length > 0) return undefined
  return fail('interface', 'this machine has no network interface that is up', '')
}

function ownFinding(place: string, isBack: boolean, troubles: readonly string[]): Finding {
  if (isBack) return ok('multicast', `a datagram of our own to ${place} comes back`)
  const seen = troubles.at(-1) ?? `a datagram of our own to ${place} does not come back`
  return fail(
    'multicast',
    seen,
    'without a route: `ip route add 224.0.0.0/4 dev eth0`, or choose an interface (--interface); else a firewall drops UDP to the group, or the interface has no multicast (`ip link show`)',
  )
}

/** A few tries: the first datagram may be sent before the group is joined. */
async function sendUntil(datagrams: Datagrams, text: string, done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 10 && !done(); tries++) {
    datagrams.send(Buffer.from(text))
    await waitUntil(done, { withinMs: 200 })
  }
}
