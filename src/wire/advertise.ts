// mod_advertise's datagram: where a proxy's control listener is (mcmp.md 4). Written by the proxy, read by
// agents. Pure but for the digests.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { advertiseLimits } from '../base/limits.ts'

/** What a proxy says of itself. */
export interface Advertisement {
  /** 200 here, 403 on the way out, 410 gone. */
  readonly status: 200 | 403 | 410
  /** When it was sent, wall time in ms; the wire has whole seconds. */
  readonly time: number
  /** Counts the datagrams of one run, from 1 (Undertow: from 0). */
  readonly sequence: number
  /** UUID, another one at each start of a proxy. */
  readonly server: string
  /** Absent when the proxy leaves. */
  readonly manager?: Manager | undefined
}

/** The control listener. */
interface Manager {
  /** `host:port`; IPv6 in brackets. */
  readonly address: string
  /** A path, sent before the `/` of every command; agents of today ignore it. */
  readonly url: string
  readonly protocol: 'http' | 'https'
  /** A name for people. */
  readonly host: string
}

export interface Received extends Advertisement {
  /** It carries our own code over all of it, made with the reader's key. */
  readonly sealed: boolean
}

/** Why a datagram does not count. */
export type AdvertiseFault =
  | 'too-long'
  | 'malformed'
  /** The digest was made with another key, or with one where none is expected. */
  | 'digest'
  /** It was changed on its way. */
  | 'seal'

/** mod_advertise's group and port (mcmp.md 4). */
export const customaryGroup: { readonly host: string; readonly port: number } = {
  host: '224.0.1.105',
  port: 23_364,
}

const reasons = { 200: 'OK', 403: 'Forbidden', 410: 'Gone' } as const

/** Behind all lines of mod_advertise, which old agents look at by name: they read past this one. */
const sealLine = /^X-Topspin-Mac: ([0-9a-f]{64})$/

/**
 * The datagram, at most 512 bytes: a Java node reads no more. With a key it ends with a code over all of
 * it, the address and the time among them, which the digest does not cover (mcmp.md decision 58).
 * @throws RangeError for what is not canonical or too long.
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

/** Any bytes: what they say, or why they do not count. Never throws. @param key '' when none is used. */
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

/** Lower-case names; undefined for a line that is no field, or the same field twice. */
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

/** MD5 is mod_advertise's, and nothing that Topspin relies on. */
function digest(key: string, date: string, sequence: string, server: string): string {
  const salt = key === '' ? Buffer.alloc(16) : createHash('md5').update(key).digest()
  return createHash('md5').update(salt).update(date).update(sequence).update(server).digest('hex')
}

/** HMAC-SHA256 over the lines as they are sent. */
function seal(key: string, lines: readonly string[]): string {
  return createHmac('sha256', key).update(lines.join('\r\n'), 'latin1').digest('hex')
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')]
  return left.length === right.length && timingSafeEqual(left, right)
}
