// mod_advertise's datagram with the address of a proxy's control listener (mcmp.md 4). Written by the proxy, read by agents.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { advertiseLimits } from '../base/limits.ts'

/** Content of a datagram. */
export interface Advertisement {
  /** 200: running; 403: shutting down; 410: gone. */
  readonly status: 200 | 403 | 410
  /** Time of sending, wall time, ms; whole seconds on the wire. */
  readonly time: number
  /** Number of the datagram in this run, from 1 (Undertow: from 0). */
  readonly sequence: number
  /** UUID, new at each start of a proxy. */
  readonly server: string
  /** Present exactly when the status is 200. */
  readonly manager?: Manager | undefined
}

/** The control listener. */
interface Manager {
  /** `host:port`; IPv6 in brackets. */
  readonly address: string
  /** A path to put in front of the `/` of every command; present agents ignore it. */
  readonly url: string
  readonly protocol: 'http' | 'https'
  /** A name for administrators. */
  readonly host: string
}

export interface Received extends Advertisement {
  /** It has a valid X-Topspin-Mac for the reader's key. */
  readonly sealed: boolean
}

/** Why a datagram is refused. */
type AdvertiseFault =
  | 'too-long'
  | 'malformed'
  /** The digest is missing or wrong: another key, or a key where none is expected. */
  | 'digest'
  /** X-Topspin-Mac is wrong: the datagram was modified. */
  | 'seal'

/** Default group and port of mod_advertise (mcmp.md 4). */
export const customaryGroup: { readonly host: string; readonly port: number } = {
  host: '224.0.1.105',
  port: 23_364,
}

const reasons = { 200: 'OK', 403: 'Forbidden', 410: 'Gone' } as const

/** The last line. Other agents look up mod_advertise's lines by name and ignore this one. */
const sealLine = /^X-Topspin-Mac: ([0-9a-f]{64})$/

/**
 * The datagram, at most 512 bytes, which is what a Java node reads. With a key it ends with an HMAC of all lines: the digest
 * does not cover the address (mcmp.md decision 58).
 * @param key '' when none is used.
 * @throws RangeError for a line that is not printable ASCII, and for a datagram that is too long.
 */
export function writeAdvertisement(advertisement: Advertisement, key: string): Buffer {
  const { status, sequence, server, manager } = advertisement
  const date = new Date(advertisement.time).toUTCString()
  const lines = [
    `HTTP/1.0 ${status} ${reasons[status]}`,
    `Date: ${date}`,
    `Sequence: ${sequence}`,
    `Digest: ${digest(key, date, String(sequence), server)}`,
    `Server: ${server}`,
  ]
  if (manager !== undefined) {
    lines.push(
      `X-Manager-Address: ${manager.address}`,
      `X-Manager-Url: ${manager.url}`,
      `X-Manager-Protocol: ${manager.protocol}`,
      `X-Manager-Host: ${manager.host}`,
    )
  }
  if (key !== '') lines.push(`X-Topspin-Mac: ${seal(key, lines)}`)
  for (const line of lines) {
    if (!/^[\x20-\x7e]+$/.test(line))
      throw new RangeError(`not a canonical line: ${JSON.stringify(line)}`)
  }
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  if (bytes.length > advertiseLimits.bytesMax) {
    throw new RangeError(
      `the datagram is ${bytes.length} bytes long, at most ${advertiseLimits.bytesMax} are read: use a shorter host name or url`,
    )
  }
  return bytes
}

/** Parses a datagram. @returns its content, or why it is refused. Never throws. @param key '' when none is used. */
export function readAdvertisement(bytes: Buffer, key: string): Received | AdvertiseFault {
  if (bytes.length > advertiseLimits.bytesMax) return 'too-long'
  const lines = bytes.toString('latin1').split(/\r?\n/)
  const end = lines.indexOf('')
  const used = end < 0 ? lines : lines.slice(0, end)
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(used[0] ?? '')?.[1])
  const fields = fieldsOf(used.slice(1))
  if (fields === undefined || !isStatus(status)) return 'malformed'
  const [date, sequence, server, sent] = ['date', 'sequence', 'server', 'digest'].map((name) =>
    fields.get(name),
  )
  if (date === undefined || sequence === undefined || server === undefined) return 'malformed'
  const time = Date.parse(date)
  const isRead =
    Number.isFinite(time) && /^\d{1,15}$/.test(sequence) && /^[\x21-\x7e]{1,64}$/.test(server)
  const manager = managerOf(fields)
  if (!isRead || manager === 'malformed' || (status === 200) !== (manager !== undefined)) {
    return 'malformed'
  }
  if (sent === undefined || !same(sent, digest(key, date, sequence, server))) return 'digest'
  const code = sealLine.exec(used.at(-1) ?? '')?.[1]
  const sealed = key !== '' && code !== undefined && same(code, seal(key, used.slice(0, -1)))
  if (key !== '' && fields.has('x-topspin-mac') && !sealed) return 'seal'
  return { status, time, sequence: Number(sequence), server, manager, sealed }
}

/** Values by name in lower case; `undefined` for a line that is no field, or a repeated field. */
function fieldsOf(lines: readonly string[]): Map<string, string> | undefined {
  const fields = new Map<string, string>()
  for (const line of lines) {
    const [, name = '', value = ''] = /^([A-Za-z-]{1,40}): ?([\x20-\x7e]*)$/.exec(line) ?? []
    if (name === '' || fields.has(name.toLowerCase())) return undefined
    fields.set(name.toLowerCase(), value.trim())
  }
  return fields
}

function managerOf(fields: ReadonlyMap<string, string>): Manager | undefined | 'malformed' {
  const address = fields.get('x-manager-address')
  if (address === undefined) return undefined
  const protocol = fields.get('x-manager-protocol') ?? 'http'
  if (protocol !== 'http' && protocol !== 'https') return 'malformed'
  const url = fields.get('x-manager-url') ?? '/'
  return { address, url, protocol, host: fields.get('x-manager-host') ?? '' }
}

const isStatus = (status: number): status is Advertisement['status'] =>
  status === 200 || status === 403 || status === 410

/** mod_advertise's digest. MD5 is part of its format; Topspin does not rely on it. */
function digest(key: string, date: string, sequence: string, server: string): string {
  const salt = key === '' ? Buffer.alloc(16) : createHash('md5').update(key).digest()
  return createHash('md5').update(salt).update(date).update(sequence).update(server).digest('hex')
}

/** HMAC-SHA256 of the lines as sent. */
function seal(key: string, lines: readonly string[]): string {
  return createHmac('sha256', key).update(lines.join('\r\n'), 'latin1').digest('hex')
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')]
  return left.length === right.length && timingSafeEqual(left, right)
}
