// The multicast part of `topspin doctor`: is there a network interface, does a datagram of our own come back, and
// which proxies advertise themselves, or why their datagrams are not accepted.

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

interface MulticastQuestion {
  readonly group: HostPort
  readonly interface: string | undefined
  /** '' when none. */
  readonly key: string
  /** How long to wait for advertisements, ms; proxies send them every 10 s. */
  readonly waitMs: number
}

/** Advertisements received, by the results of `readAdvertisement`. */
interface Advertised {
  /** Control address by the id of the proxy. */
  readonly good: ReadonlyMap<string, string>
  readonly wrongKey: number
  readonly broken: number
  /** Difference of a proxy's clock to this machine's, ms; undefined when no clock is too far off. */
  readonly skewMs: number | undefined
}

interface Multicast {
  readonly findings: readonly Finding[]
  /** Control addresses of the proxies that advertise themselves. */
  readonly proxies: readonly string[]
}

export async function multicastFindings(options: MulticastQuestion): Promise<Multicast> {
  const { group, interface: which } = options
  const missing = interfaceFinding(which)
  if (missing !== undefined) return { findings: [missing], proxies: [] }
  const troubles: string[] = []
  const note = (detail: object, message: string): void => {
    const { error } = detail as { error?: string }
    troubles.push(error === undefined ? message : `${message}: ${error}`)
  }
  const log: Logger = { debug() {}, info() {}, warn: note, error: note }
  const own = `topspin doctor ${process.pid} ${Math.random()}`
  let isBack = false
  const good = new Map<string, string>()
  const received = { good, wrongKey: 0, broken: 0, skewMs: undefined as number | undefined }
  const datagrams = openDatagrams({
    to: [group],
    log,
    ...(which === undefined ? {} : { interface: which }),
    onDatagram: (bytes) => {
      if (bytes.toString('latin1') === own) isBack = true
      else collect(bytes, options.key, received)
    },
  })
  await datagrams.ready
  await sendUntil(datagrams, own, () => isBack)
  const place = hostPortText(group)
  const findings = [ownFinding(place, isBack, troubles)]
  if (isBack) {
    await waitUntil(() => good.size > 0, { withinMs: options.waitMs })
    findings.push(...advertiseFindings(received, place, options.waitMs))
  }
  await datagrams.close()
  return { findings, proxies: [...new Set(good.values())] }
}

function collect(
  bytes: Buffer,
  key: string,
  received: {
    good: Map<string, string>
    wrongKey: number
    broken: number
    skewMs: number | undefined
  },
): void {
  const read = readAdvertisement(bytes, key)
  if (read === 'digest' || read === 'seal') received.wrongKey++
  else if (typeof read === 'string')
    received.broken += bytes.toString('latin1', 0, 5) === 'HTTP/' ? 1 : 0
  else {
    const skew = read.time - systemClock.wall()
    if (Math.abs(skew) > advertiseLimits.skewMs) received.skewMs = skew
    else if (read.manager !== undefined) {
      const { protocol, address } = read.manager
      received.good.set(read.server, protocol === 'https' ? `https://${address}` : address)
    }
  }
}

/** Pure, for tests. */
export function advertiseFindings(received: Advertised, place: string, waitMs: number): Finding[] {
  const findings: Finding[] = []
  for (const address of received.good.values()) {
    findings.push(ok('advertise', `a proxy advertises ${address}`))
  }
  if (received.wrongKey > 0) {
    findings.push(
      fail(
        'advertise',
        `${received.wrongKey} datagrams are signed with another key`,
        'set the same key on both sides: advertise.key of the proxy (AdvertiseSecurityKey of httpd), TOPSPIN_ADVERTISE_KEY of the node',
      ),
    )
  }
  if (received.skewMs !== undefined) {
    const seconds = Math.round(received.skewMs / 1_000)
    findings.push(
      fail(
        'clock',
        `a proxy's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this one`,
        'synchronise the clocks (NTP): datagrams dated more than five minutes away are refused as replays',
      ),
    )
  }
  if (received.broken > 0)
    findings.push(warn('advertise', `${received.broken} datagrams are malformed`, ''))
  if (findings.length > 0) return findings
  return [
    fail(
      'advertise',
      `no proxy advertised itself at ${place} within ${waitMs / 1_000} s`,
      'does a proxy advertise to this group (advertise.group)? Most routers, clouds and container networks do not forward multicast; list the proxies instead (--proxy, TOPSPIN_PROXIES), by a DNS name if they change',
    ),
  ]
}

function interfaceFinding(which: string | undefined): Finding | undefined {
  if (which !== undefined && ownInterface(which) === undefined) {
    const names = Object.keys(networkInterfaces()).join(', ')
    return fail('interface', `this machine has no interface ${which}`, `its interfaces: ${names}`)
  }
  if (Object.keys(networkInterfaces()).length > 0) return undefined
  return fail('interface', 'no network interface of this machine is up', '')
}

function ownFinding(place: string, isBack: boolean, troubles: readonly string[]): Finding {
  if (isBack) return ok('multicast', `a datagram of our own to ${place} comes back`)
  const seen = troubles.at(-1) ?? `a datagram of our own to ${place} does not come back`
  return fail(
    'multicast',
    seen,
    'add a route (`ip route add 224.0.0.0/4 dev eth0`) or choose an interface (--interface); or does a firewall drop UDP to the group, or the interface lack multicast (`ip link show`)?',
  )
}

/** Repeats the datagram: the first one may be sent before the group is joined. */
async function sendUntil(datagrams: Datagrams, text: string, done: () => boolean): Promise<void> {
  for (let tries = 0; tries < 10 && !done(); tries++) {
    datagrams.send(Buffer.from(text))
    await waitUntil(done, { withinMs: 200 })
  }
}
