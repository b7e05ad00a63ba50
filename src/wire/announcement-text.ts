// The text of an announcement: lines with a name and values. It is readable in packet dumps and about 400 bytes long, which
// fits a datagram, so a binary form has no advantage. Lines with unknown names are skipped, so that later versions can add
// some. Used by the announcer, and by the listener after the signature is verified.

import { isIP } from 'node:net'
import { type HostPort, hostPortText } from '../base/host-port.ts'
import { peerLimits } from '../base/limits.ts'
import type { Announcement, Resources } from './announcement.ts'

/** First line, with the version of the format. */
const firstLine = 'topspin-peer/1'

/** Property, name on the wire, and range of each number. */
const numbers: readonly (readonly [keyof Resources, string, number, number])[] = [
  ['speed', 'speed', 0, 1e12],
  ['cores', 'cores', 0.001, 1e6],
  ['load', 'load', 0, 1e9],
  ['loadHigh', 'load-high', 1, 2 ** 30],
  ['cpuIdle', 'cpu-idle', 0, 1],
  ['memoryTotal', 'memory-total', 0, 1e15],
  ['memoryAvailable', 'memory-available', 0, 1e15],
  ['eventLoopDelayMs', 'loop-delay-ms', 0, 1e9],
  ['slotsInUse', 'slots-in-use', 0, 1e9],
  ['slotsFree', 'slots-free', 0, 1e9],
  ['served', 'served', 0, 1e15],
  ['serviceTimeMs', 'service-time-ms', 0, 1e9],
  ['ms', 'ms', 0, 1e9],
  ['knee', 'knee', 0, 1e6],
  ['inHand', 'in-hand', 0, 1e9],
]

const defaults: Resources = {
  speed: 1,
  cores: 1,
  load: 0,
  loadHigh: 1,
  cpuIdle: 1,
  memoryTotal: 0,
  memoryAvailable: 0,
  eventLoopDelayMs: 0,
  slotsInUse: 0,
  slotsFree: 0,
  served: 0,
  serviceTimeMs: 0,
  ms: 0,
  knee: 0,
  inHand: 0,
}

/** Why a text is refused. `foreign`: no announcement of Topspin; `version`: of another version of the format. */
export type TextFault = 'foreign' | 'version' | 'malformed'

/** @throws RangeError for an announcement that the parser would refuse. The length is checked in announcement-codec.ts. */
export function writeAnnouncementText(announcement: Announcement): string {
  const { name, scheme, host, port, startedAt, sequence, time, resources } = announcement
  const at = `${scheme}://${hostPortText({ host, port })}`
  const lines = [firstLine, `name ${name}`, `at ${at}`, `run ${startedAt} ${sequence} ${time}`]
  if (announcement.leaving) lines.push('leaving')
  for (const [key, word, least, most] of numbers) {
    lines.push(`${word} ${inRange(word, resources[key], least, most)}`)
  }
  const { ask, periodMs, loss, contexts } = announcement
  if (ask !== undefined) lines.push(`ask ${hostPortText(ask)}`)
  if (periodMs !== undefined) lines.push(`period-ms ${periodMs}`)
  if (loss !== undefined) lines.push(`loss ${inRange('loss', loss, 0, 1)}`)
  for (const path of contexts) lines.push(`serves ${path}`)
  const text = `${lines.join('\n')}\n`
  if (typeof parseAnnouncementText(text) === 'string') {
    throw new RangeError(`not a valid announcement: ${JSON.stringify(text)}`)
  }
  return text
}

/** @returns the announcement, or why the text is refused. Never throws. */
export function parseAnnouncementText(text: string): Announcement | TextFault {
  if (!text.startsWith('topspin-peer/')) return 'foreign'
  if (!text.startsWith(`${firstLine}\n`)) return 'version'
  if (!text.endsWith('\n')) return 'malformed'
  const lines = text.slice(firstLine.length + 1, -1).split('\n')
  if (lines.length > peerLimits.announcementLinesMax) return 'malformed'
  const values = new Map<string, string>()
  const contexts: string[] = []
  for (const line of lines) {
    const space = line.indexOf(' ')
    const word = space < 0 ? line : line.slice(0, space)
    const value = space < 0 ? '' : line.slice(space + 1)
    if (word === 'serves') contexts.push(value)
    else if (!values.has(word)) values.set(word, value)
    // Ambiguous when repeated.
    else return 'malformed'
  }
  return read(values, contexts) ?? 'malformed'
}

function read(values: ReadonlyMap<string, string>, contexts: string[]): Announcement | undefined {
  const name = values.get('name') ?? ''
  const at = readPlace(values.get('at') ?? '')
  const run = /^(\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(values.get('run') ?? '')
  if (!/^[!-~]{1,63}$/.test(name) || at === undefined || run === null) return undefined
  if (!contexts.every(isContext)) return undefined
  const resources: { -readonly [K in keyof Resources]: number } = { ...defaults }
  for (const [key, word, least, most] of numbers) {
    const number = readNumber(values.get(word), defaults[key], least, most)
    if (number === undefined) return undefined
    resources[key] = number
  }
  const { periodMsMin, periodMsMax } = peerLimits
  const periodMs = readNumber(values.get('period-ms'), 1_000, periodMsMin, periodMsMax)
  const loss = readNumber(values.get('loss'), 0, 0, 1)
  const ask = readAskPlace(values.get('ask'))
  const leaving = values.get('leaving') ?? 'no'
  const [startedAt, sequence, time] = run.slice(1).map(Number) as [number, number, number]
  if (periodMs === undefined || loss === undefined || sequence < 1) return undefined
  if (leaving !== 'no' && leaving !== '') return undefined
  if (ask === 'malformed') return undefined
  return {
    name,
    ...at,
    startedAt,
    sequence,
    time,
    leaving: leaving === '',
    contexts,
    ask,
    periodMs,
    loss,
    resources,
  }
}

/** `10.0.0.1:4445`, `[::1]:4445`: no name, because a question waits for no look-up. */
function readAskPlace(text: string | undefined): HostPort | 'malformed' | undefined {
  if (text === undefined) return undefined
  const place = readPlace(`http://${text}`)
  if (place === undefined || isIP(place.host) === 0) return 'malformed'
  return { host: place.host, port: place.port }
}

/** `http://10.0.0.1:80`, `https://[::1]:443`, `http://web-1.internal:8080`. */
function readPlace(text: string): Pick<Announcement, 'scheme' | 'host' | 'port'> | undefined {
  const place =
    /^(https?):\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):([1-9]\d{0,4})$/.exec(text)
  if (place === null) return undefined
  const [, scheme = '', v6, name = '', digits] = place
  const port = Number(digits)
  if (port > 65_535) return undefined
  if (v6 !== undefined ? isIP(v6) !== 6 : !isHostOrAddress(name)) return undefined
  return { scheme: scheme as 'http' | 'https', host: v6 ?? name, port }
}

/** An IPv4 address with four parts, or a DNS name that does not look like an address. */
function isHostOrAddress(name: string): boolean {
  if (/^[\d.]+$/.test(name)) return isIP(name) === 4
  return name.length <= 253 && name.split('.').every((label) => /^[^.]{1,63}$/.test(label))
}

function isContext(path: string): boolean {
  if (path.length > peerLimits.contextBytesMax || !/^\/[!-~]*$/.test(path)) return false
  return path === '/' || !/[?#,]|\/\/|\/$/.test(path)
}

/** The form that the parser accepts: at most three decimals, no exponent. */
function inRange(word: string, value: number, least: number, most: number): string {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${word} ${value}: ${least} to ${most}`)
  }
  return String(Number(value.toFixed(3)))
}

function readNumber(
  text: string | undefined,
  missing: number,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return missing
  const number = /^\d{1,16}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : undefined
}
