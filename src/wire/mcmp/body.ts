// The body of a message: `name=value&name=value`. `parseBody` is used by the proxy and strict (mcmp.md 1.2, decisions 10 to
// 17); `writeBody` is used by nodes and has the order and spelling of the Java client.

import { hostText } from '../../base/host-port.ts'
import { byteLength, fieldBytesMax, illegal, isHostName } from './fields.ts'
import type { AppMethod, ConfigMessage, Message } from './message.ts'
import { cannotParse, type McmpProblem } from './problem.ts'

export interface Pair {
  readonly key: string
  readonly value: string
}

export interface BodyOptions {
  /** `+` stands for a space: in form bodies, and from Java nodes (mcmp.md decision 12). */
  readonly plusIsSpace: boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The pairs in message order, decoded; none for an empty body. @returns a problem for any malformed body. */
export function parseBody(bytes: Uint8Array, options: BodyOptions): readonly Pair[] | McmpProblem {
  if (bytes.length === 0) return []
  const pairs: Pair[] = []
  // Latin-1: one character per byte, so that nothing is decoded twice.
  for (const part of Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .split('&')) {
    const tokens = part.split('=')
    if (tokens.length !== 2) return cannotParse
    const key = decode(tokens[0]!, options)
    const value = decode(tokens[1]!, options)
    if (key === undefined || value === undefined || key === '') return cannotParse
    pairs.push({ key, value })
  }
  return pairs
}

/** Printable ASCII that stands for itself. */
const plain = /^[A-Za-z0-9_./:,*-]*$/

function decode(token: string, options: BodyOptions): string | undefined {
  if (plain.test(token)) return token
  const spaced = options.plusIsSpace ? token.replaceAll('+', ' ') : token
  const raw = spaced.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  let text: string
  try {
    text = utf8.decode(Buffer.from(raw, 'latin1'))
  } catch {
    return undefined
  }
  return illegal.test(text) ? undefined : text
}

/** The request target of a message: `/*` for the whole node and for DUMP. */
export const messageTarget = (message: Message): '/' | '/*' =>
  message.method === 'DUMP' || ('wildcard' in message && message.wildcard) ? '/*' : '/'

/**
 * The body of a message, '' when it has none: JVMRoute first, then the other keys in byte order.
 * @throws RangeError for a value that every proxy would refuse.
 */
export function writeBody(message: Message): string {
  switch (message.method) {
    case 'CONFIG':
      return join(configFields(message))
    case 'STATUS':
      return join([
        ['JVMRoute', route(message.route)],
        ['Load', message.load === undefined ? undefined : load(message.load)],
      ])
    case 'PING':
      return join([
        ['JVMRoute', message.route === undefined ? undefined : route(message.route)],
        ['Host', message.address && host(message.address.host)],
        ['Port', message.address && port(message.address.port)],
        ['Scheme', message.address && text('Scheme', message.address.scheme, fieldBytesMax.type)],
      ])
    case 'INFO':
    case 'DUMP':
    case 'VERSION':
      return ''
    default:
      return join(appFields(message.method, message))
  }
}

type Fields = readonly (readonly [key: string, value: string | undefined])[]

function join(fields: Fields): string {
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(value ?? '')}`)
    .join('&')
}

function configFields(message: ConfigMessage): Fields {
  if ((message.aliases.length === 0) !== (message.contexts.length === 0))
    throw new RangeError('CONFIG: aliases and contexts, both or neither')
  return [
    ['JVMRoute', route(message.route)],
    ['Alias', itemList('Alias', message.aliases, fieldBytesMax.alias)],
    ['Balancer', optional('Balancer', message.balancer, fieldBytesMax.balancer)],
    ['Context', itemList('Context', message.contexts, fieldBytesMax.context)],
    [
      'Domain',
      message.domain === '' ? undefined : optional('Domain', message.domain, fieldBytesMax.domain),
    ],
    ['Host', message.host === undefined ? undefined : host(message.host)],
    ['Maxattempts', integer('Maxattempts', message.maxAttempts, 0)],
    ['Port', message.port === undefined ? undefined : port(message.port)],
    ['Reversed', yesNo(message.reversed)],
    ['StickySession', yesNo(message.stickySession)],
    [
      'StickySessionCookie',
      optional('StickySessionCookie', message.stickySessionCookie, fieldBytesMax.cookie),
    ],
    ['StickySessionForce', yesNo(message.stickySessionForce)],
    [
      'StickySessionPath',
      optional('StickySessionPath', message.stickySessionPath, fieldBytesMax.cookie),
    ],
    ['StickySessionRemove', yesNo(message.stickySessionRemove)],
    ['Timeout', time('Timeout', message.timeoutMs)],
    ['Type', optional('Type', message.type, fieldBytesMax.type)],
    ['WaitWorker', seconds('WaitWorker', message.waitWorkerMs)],
    [
      'flushpackets',
      message.flushPackets && { off: 'Off', on: 'On', auto: 'Auto' }[message.flushPackets],
    ],
    ['flushwait', integer('flushwait', message.flushWaitMs, 0)],
    ['ping', time('ping', message.pingMs)],
    ['smax', integer('smax', message.smax, -1)],
    ['ttl', time('ttl', message.ttlMs)],
  ]
}

function appFields(
  method: AppMethod,
  message: {
    wildcard: boolean
    route: string
    aliases: readonly string[]
    contexts: readonly string[]
  },
): Fields {
  if (message.wildcard) return [['JVMRoute', route(message.route)]]
  if (message.aliases.length === 0 || message.contexts.length === 0)
    throw new RangeError(`${method}: needs an alias and a context`)
  return [
    ['JVMRoute', route(message.route)],
    ['Alias', itemList('Alias', message.aliases, fieldBytesMax.alias)],
    ['Context', itemList('Context', message.contexts, fieldBytesMax.context)],
  ]
}

function text(name: string, value: string, bytesMax: number): string {
  if (value === '') throw new RangeError(`${name}: empty`)
  if (illegal.test(value) || /\p{Surrogate}/u.test(value))
    throw new RangeError(`${name}: characters that MCMP forbids`)
  if (byteLength(value) > bytesMax) throw new RangeError(`${name}: longer than ${bytesMax} bytes`)
  return value
}

function route(value: string): string {
  if (value === 'REMOVED' || value.includes(','))
    throw new RangeError('JVMRoute: reserved or not allowed')
  return text('JVMRoute', value, fieldBytesMax.route)
}

function itemList(name: string, values: readonly string[], bytesMax: number): string | undefined {
  if (values.length === 0) return undefined
  if (values.some((value) => value.includes(',')))
    throw new RangeError(`${name}: a comma inside an item`)
  return values.map((value) => text(name, value, bytesMax)).join(',')
}

/** A comma is refused, since INFO is comma-separated; session names are not part of INFO. */
function optional(name: string, value: string | undefined, bytesMax: number): string | undefined {
  if (value?.includes(',') === true && !name.startsWith('StickySession'))
    throw new RangeError(`${name}: a comma inside`)
  return value === undefined ? undefined : text(name, value, bytesMax)
}

function host(value: string): string {
  if (!isHostName(value)) throw new RangeError('Host: neither a name nor an address')
  return text('Host', hostText(value), fieldBytesMax.host)
}

function port(value: number): string {
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new RangeError('Port: not in 1..65535')
  return String(value)
}

function load(value: number): string {
  if (!Number.isInteger(value) || value < -1 || value > 100)
    throw new RangeError('Load: not in -1..100')
  return String(value)
}

function integer(name: string, value: number | undefined, least: number): string | undefined {
  if (value === undefined) return undefined
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name}: not an integer from ${least}`)
  return String(value)
}

/** In seconds, which all proxies accept; with the unit ms only for a fraction of a second. */
function time(name: string, ms: number | undefined): string | undefined {
  return ms !== undefined && ms % 1000 !== 0 ? `${integer(name, ms, 0)}ms` : seconds(name, ms)
}

function seconds(name: string, ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : integer(name, ms / 1000, 0)
}

const yesNo = (value: boolean | undefined): string | undefined =>
  value === undefined ? undefined : value ? 'Yes' : 'No'
