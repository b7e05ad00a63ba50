// Checks the options of a membership and fills in the defaults (../options.ts). All problems are reported at once, before
// anything is sent. Used by membership.ts.

import { type Clock, type Random, systemClock } from '../../base/clock.ts'
import { TopspinError } from '../../base/errors.ts'
import { hostPortText, hostText, parseHostPort } from '../../base/host-port.ts'
import { logLimits, peerLimits } from '../../base/limits.ts'
import { type Logger, silent } from '../../base/log.ts'
import { stderrLog } from '../../base/stderr-log.ts'
import { throttled } from '../../base/throttled-log.ts'
import { type DatagramOptions, type Datagrams, openDatagrams } from '../../net/datagram.ts'
import { networkCheck } from '../../net/network-check.ts'
import type { Announcement } from '../../wire/announcement.ts'
import { writeAnnouncement } from '../../wire/announcement-codec.ts'
import { KeyRing } from '../../wire/announcement-key.ts'
import { type MembershipOptions, peerDefaults } from '../options.ts'
import { type Group, readGroup } from './group.ts'
import { ownAddress } from './own-address.ts'

/** A shorter key can be guessed, and every datagram shows whether a guess is right. */
const keyLengthLeast = 16

/** The part of an announcement that stays the same. */
export type Identity = Pick<Announcement, 'name' | 'scheme' | 'host' | 'port' | 'contexts'>

export interface MembershipSettings {
  readonly group: Group
  readonly keys: KeyRing
  readonly identity: Identity
  /** `undefined`: as many as the server is seen to work on at once. */
  readonly capacity: number | undefined
  readonly periodMs: number
  readonly acceptFrom: readonly string[] | undefined
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly openDatagrams: (options: DatagramOptions) => Datagrams
}

/** @throws TopspinError BAD_OPTION that names every problem. */
export function membershipSettings(options: MembershipOptions): MembershipSettings {
  const problems: string[] = []
  const { capacity, periodMs = peerDefaults.periodMs } = options
  const { acceptFrom, clock = systemClock } = options
  const log = logOf(options, clock)
  checkNumbers({ ...options, periodMs }, problems)
  if ('advertise' in options) problems.push('advertise is now called address')
  const group = readGroup(options, problems)
  const keys = readKeys(options, problems, log)
  const identity = readIdentity(options, problems)
  if (acceptFrom !== undefined) attempt(() => networkCheck(acceptFrom, 'acceptFrom'), problems)
  if (problems.length === 0) {
    const longest = { ...identity, ...longestFigures, leaving: true, periodMs }
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
    acceptFrom,
    log,
    clock,
    random: options.random ?? Math.random,
    openDatagrams: options.openDatagrams ?? openDatagrams,
  }
}

/** Outside parties can cause lines: every announcement may be of another peer. */
const logOf = ({ log = stderrLog }: MembershipOptions, clock: Clock): Logger =>
  log === false ? silent : throttled(log, clock, logLimits.linesMax)

const ranges = {
  periodMs: [peerLimits.periodMsMin, peerLimits.periodMsMax],
  capacity: [1, 1e6],
  ttl: [0, 255],
  port: [1, 65_535],
  skewMs: [0, 86_400_000],
  silentPeriods: [1, 1_000],
  forgetMs: [0, 86_400_000],
} as const

function checkNumbers(
  options: Partial<Record<keyof typeof ranges, number | undefined>>,
  problems: string[],
): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges]
    if (value === undefined || (value >= least && value <= most)) continue
    problems.push(`${name} ${value}: ${least} to ${most}`)
  }
}

/** An announcement with these figures is the longest that can be sent: when it fits, all do. */
const longestFigures = {
  ask: { host: 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', port: 65_535 },
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
    ms: 1e8 + 0.123,
    knee: 400,
    inHand: 1e6,
  },
} as const

/** A string is one key, because a key may contain commas. */
function readKeys({ key, insecure }: MembershipOptions, problems: string[], log: Logger): KeyRing {
  const secrets = typeof key === 'string' ? [key] : (key ?? [])
  const isMissing = key === '' || secrets.length === 0
  if (isMissing && insecure !== true) {
    problems.push(
      `key is missing: set the secret that all peers share (TOPSPIN_PEER_KEY), ${keyLengthLeast} characters or more; or, for a group without one, insecure: true (TOPSPIN_INSECURE=yes, --insecure)`,
    )
    return new KeyRing([])
  }
  if (isMissing) return new KeyRing([])
  if (secrets.some((secret) => secret.length < keyLengthLeast)) {
    log.warn({}, `key of less than ${keyLengthLeast} characters: it can be guessed`)
  }
  try {
    return new KeyRing(secrets)
  } catch (error) {
    problems.push(`key: ${(error as Error).message}`)
    return new KeyRing([])
  }
}

function readIdentity(options: MembershipOptions, problems: string[]): Identity {
  const { address = '' } = options
  const match = /^(https?):\/\/([^/?#]*?):(\d{1,5})\/?$/.exec(address)
  const [, scheme = 'http', hostPart = '', digits = ''] = match ?? []
  const host = hostPart === '' ? ownAddress('', options.interface) : hostPart
  const place = parseHostPort(`${hostText(host)}:${digits}`, 0)
  if (match === null || place === undefined) {
    problems.push(`address "${address}": http://host:port or https://host:port`)
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
