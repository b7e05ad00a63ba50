// What a web server may tell about its membership, and the checks: all problems at once, in words, before
// any datagram is sent. Called by membership.ts and announce-target.ts.

import { type Clock, type Random, systemClock } from '../../base/clock.ts'
import { TopspinError } from '../../base/errors.ts'
import { type HostPort, hostPortText, hostText, parseHostPort } from '../../base/host-port.ts'
import { peerLimits } from '../../base/limits.ts'
import { type Logger, silent } from '../../base/log.ts'
import { type DatagramOptions, type Datagrams, openDatagrams } from '../../net/datagram.ts'
import { networkCheck } from '../../net/network-check.ts'
import type { Announcement, Resources } from '../../wire/announcement.ts'
import { writeAnnouncement } from '../../wire/announcement-codec.ts'
import { KeyRing } from '../../wire/announcement-key.ts'
import { ownAddress } from './own-address.ts'

/** mod_backhand's customary port, where none is given. */
const peerPort = 4445
/** A key below it can be guessed, and every datagram tells whether the guess is right. */
const keyLengthLeast = 16

export interface PeerOptions {
  /**
   * Where to announce and to listen: a multicast group, a broadcast address, or hosts and names of all
   * peers (this one may be among them); `host:port`, the port is 4445 where none is given.
   */
  readonly group: string | readonly string[]
  /** Where others hand requests over to: `http://host:port` or `https://host:port`. Without a host (`http://:8080`) an address of this machine. */
  readonly address: string
  /** Secrets shared by all peers: the first seals what is said, all open what is heard. Default: none, see `acceptFrom`. */
  readonly key?: string | readonly string[]
  /** Name among the peers, 1..63 printable ASCII characters. Default: host and port of `address`. */
  readonly name?: string
  /** Paths that are served here. Default: all. */
  readonly contexts?: readonly string[]
  /** Requests in hand that mean "full". Default 256. */
  readonly capacity?: number
  /** Milliseconds from one announcement to the next, 100..60 000. Default 1000. */
  readonly periodMs?: number
  /** Name or address of the interface to speak and listen at. Default: the system's choice. */
  readonly interface?: string
  /** Routers that an announcement to a multicast group may pass, plus one. Default 1: the local network. */
  readonly ttl?: number
  /** Port to listen on where the group is a list of hosts. Default: the first of their ports that is free. */
  readonly port?: number
  /**
   * Addresses and networks whose datagrams are believed. Default: any with a key; without one this machine
   * and the networks of its interfaces (of `interface`, if given).
   */
  readonly acceptFrom?: readonly string[]
  /** Largest difference between clocks of two servers, ms. Default 30 000. */
  readonly skewMs?: number
  /** Periods of silence until a peer does not count. Default 2.6. */
  readonly silentPeriods?: number
  /** Silence until a peer is forgotten, ms. Default 20 000. */
  readonly forgetMs?: number
  /** Figures of your own that are announced instead of the measured ones. Called once a period; must not throw. */
  readonly resources?: () => Partial<Resources>
  /** Default: says nothing. */
  readonly log?: Logger
  /** For tests. */
  readonly clock?: Clock
  readonly random?: Random
  readonly openDatagrams?: (options: DatagramOptions) => Datagrams
}

/** Options after the checks, with the defaults in place. */
export interface PeerSettings {
  readonly group: readonly HostPort[]
  readonly keys: KeyRing
  readonly identity: Pick<Announcement, 'name' | 'scheme' | 'host' | 'port' | 'contexts'>
  readonly capacity: number
  readonly periodMs: number
  readonly acceptFrom: readonly string[] | undefined
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly openDatagrams: (options: DatagramOptions) => Datagrams
}

/** Throws a TopspinError (BAD_OPTION) that names every problem. */
export function peerSettings(options: PeerOptions): PeerSettings {
  const problems: string[] = []
  const { capacity = 256, periodMs = 1_000, log = silent } = options
  const { periodMsMin, periodMsMax } = peerLimits
  const between = (name: string, value: number | undefined, least: number, most: number): void => {
    if (value === undefined || (value >= least && value <= most)) return
    problems.push(`${name} ${value}: ${least} to ${most}`)
  }
  between('periodMs', periodMs, periodMsMin, periodMsMax)
  between('capacity', capacity, 1, 1e6)
  between('ttl', options.ttl, 0, 255)
  between('port', options.port, 1, 65_535)
  between('skewMs', options.skewMs, 0, 86_400_000)
  between('silentPeriods', options.silentPeriods, 1, 1_000)
  between('forgetMs', options.forgetMs, 0, 86_400_000)
  if ('advertise' in options) problems.push('advertise is now called address')
  const group = readGroup(options.group, problems)
  const keys = readKeys(options.key, problems, log)
  const identity = readIdentity(options, problems)
  if (options.acceptFrom !== undefined) {
    attempt(() => networkCheck(options.acceptFrom ?? [], 'acceptFrom'), problems)
  }
  if (problems.length === 0) {
    const longest = { ...identity, ...longestNumbers, leaving: true, periodMs }
    attempt(() => writeAnnouncement(longest, keys), problems)
  }
  if (problems.length > 0) {
    const detail = { side: 'proxy', phase: 'control' } as const
    throw new TopspinError('BAD_OPTION', problems.join('; '), detail)
  }
  return {
    group,
    keys,
    identity,
    capacity,
    periodMs,
    acceptFrom: options.acceptFrom,
    log,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    openDatagrams: options.openDatagrams ?? openDatagrams,
  }
}

/** What takes the most room: an announcement with it fits, so all do. */
const longestNumbers = {
  startedAt: 1e14,
  sequence: 1e14,
  time: 1e14,
  loss: 0.999,
  resources: {
    speed: 1e11 + 0.123,
    cores: 1e5 + 0.123,
    load: 1e8 + 0.123,
    loadHigh: 2 ** 30,
    cpuIdle: 0.999,
    memoryTotal: 1e14,
    memoryAvailable: 1e14,
    eventLoopDelayMs: 1e8 + 0.123,
    slotsInUse: 1e6,
    slotsFree: 1e6,
    served: 1e14,
    serviceTimeMs: 1e8 + 0.123,
  },
} as const

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? value.split(',') : value

function readGroup(value: PeerOptions['group'], problems: string[]): HostPort[] {
  const places = listOf(value).flatMap((text) => {
    const place = parseHostPort(text, peerPort)
    if (place === undefined) problems.push(`group "${text}": host:port, IPv6 addresses in brackets`)
    return place ?? []
  })
  if (places.length === 0 && problems.length === 0) problems.push('group: at least one host:port')
  return places
}

/** Commas are part of a key: a list is an array. */
function readKeys(value: PeerOptions['key'], problems: string[], log: Logger): KeyRing {
  const secrets = typeof value === 'string' ? [value] : (value ?? [])
  if (secrets.some((secret) => secret.length < keyLengthLeast)) {
    log.warn({}, `a key of less than ${keyLengthLeast} characters can be guessed`)
  }
  try {
    return new KeyRing(secrets)
  } catch (error) {
    problems.push(`key: ${(error as Error).message}`)
    return new KeyRing([])
  }
}

function readIdentity(options: PeerOptions, problems: string[]): PeerSettings['identity'] {
  const match = /^(https?):\/\/([^/?#]*?):(\d{1,5})\/?$/.exec(options.address)
  const [, scheme = 'http', given = '', digits = ''] = match ?? []
  const host = given === '' ? ownAddress('', options.interface) : given
  const place = parseHostPort(`${hostText(host)}:${digits}`, 0)
  if (match === null || place === undefined) {
    problems.push(`address "${options.address}": http://host:port or https://host:port`)
  }
  const at = place ?? { host: 'none', port: 1 }
  return {
    name: options.name ?? hostPortText(at).slice(-63),
    scheme: scheme as 'http' | 'https',
    ...at,
    contexts: options.contexts ?? [],
  }
}

function attempt(check: () => unknown, problems: string[]): void {
  try {
    check()
  } catch (error) {
    problems.push((error as Error).message)
  }
}
