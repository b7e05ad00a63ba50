// Parsers for the hops of a request in X-Forwarded-For and in Forwarded [RFC 7239], the nearest hop last. Linear in the length
// of the fields. Used by forwarded.ts, and for the attributes of AJP requests.

import { isIP } from 'node:net'
import { isAuthority } from './http/host.ts'

export interface Hop {
  /** An IP address without port and brackets; '' for other node names, such as `unknown` and `_hidden`. */
  readonly address: string
  /** As written in the field. */
  readonly text: string
  /** `http` or `https`; '' for anything else. */
  readonly proto: string
  /** '' when it is no authority. */
  readonly host: string
  /** `proto` or `host` is '' in place of something else. */
  readonly isMended: boolean
}

/** The entries of an X-Forwarded-For field. */
export const hopsInList = (value: string): Hop[] =>
  value.split(',').map((entry) => {
    const text = entry.trim()
    return { address: addressIn(text), text, proto: '', host: '', isMended: false }
  })

export interface ForwardedHops {
  readonly hops: readonly Hop[]
  /** All lines follow the grammar; else `hops` are the nearest ones up to a line that does not. */
  readonly isWhole: boolean
}

/**
 * The elements of all Forwarded fields of a head. A proxy may add its element behind what its client has sent, in the same
 * line or in one of its own, so a line that does not follow the grammar hides only what is before its last element.
 * @param lines the nearest hop last.
 */
export function hopsInForwarded(lines: readonly string[]): ForwardedHops {
  const found: Hop[][] = []
  for (const line of lines.toReversed()) {
    const hops = hopsInLine(line)
    if (hops === undefined) {
      const last = hopsInLine(line.slice(line.lastIndexOf(',') + 1)) ?? []
      return { hops: [last, ...found.toReversed()].flat(), isWhole: false }
    }
    found.push(hops)
  }
  return { hops: found.toReversed().flat(), isWhole: true }
}

/** The elements of one Forwarded field; `undefined` when they do not follow the grammar [RFC 7239 4]. */
function hopsInLine(value: string): Hop[] | undefined {
  const hops: Hop[] = []
  let at = 0
  while (at <= value.length) {
    const pairs = new Map<string, string>()
    at = readElement(value, at, pairs)
    if (at < 0) return undefined
    const text = pairs.get('for') ?? 'unknown'
    const [rawProto = '', rawHost = ''] = [pairs.get('proto'), pairs.get('host')]
    const [proto, host] = [protocolsIn(rawProto), hostsIn(rawHost)]
    const isMended = proto !== rawProto || host !== rawHost
    if (pairs.size > 0) hops.push({ address: addressIn(text), text, proto, host, isMended })
    at++
  }
  return hops
}

/**
 * The value of X-Forwarded-Proto when every item of it is `http` or `https`, in lower case; '' otherwise. Some proxies write
 * `ws` and `wss` for WebSockets, which are the same two.
 */
export function protocolsIn(value: string): string {
  if (value === 'http' || value === 'https') return value
  const items = itemsOf(value).map((item) => item.toLowerCase().replace(/^ws(s?)$/, 'http$1'))
  return items.every((item) => item === 'http' || item === 'https') ? items.join(', ') : ''
}

/** The value of X-Forwarded-Host when every item of it is an authority; '' otherwise. */
export function hostsIn(value: string): string {
  const isValid = itemsOf(value).every((item) => {
    const bytes = Buffer.from(item, 'latin1')
    return isAuthority(bytes, 0, bytes.length, false)
  })
  return isValid ? value : ''
}

/** Without the blanks around them; JavaScript's `trim` would also strip bytes that are none [RFC 9110 5.6.3]. */
const itemsOf = (value: string): string[] =>
  value.split(',').map((item) => {
    let [from, to] = [0, item.length]
    while (item[from] === ' ' || item[from] === '\t') from++
    while (to > from && (item[to - 1] === ' ' || item[to - 1] === '\t')) to--
    return item.slice(from, to)
  })

/** Parses a forwarded-element at `at`. @returns the offset of the comma after it, or of the end; -1 when invalid. */
function readElement(value: string, from: number, into: Map<string, string>): number {
  let at = from
  while (true) {
    at = behindBlanks(value, at)
    const nameTo = behindToken(value, at)
    if (nameTo > at) {
      if (value[nameTo] !== '=') return -1
      const name = value.slice(at, nameTo).toLowerCase()
      const quoted = value[nameTo + 1] === '"'
      const read = quoted ? readQuoted(value, nameTo + 2) : readToken(value, nameTo + 1)
      if (read === undefined || into.has(name)) return -1
      into.set(name, read.text)
      at = behindBlanks(value, read.end)
    }
    if (at === value.length || value[at] === ',') return at
    if (value[at] !== ';') return -1
    at++
  }
}

interface Read {
  readonly text: string
  readonly end: number
}

function readToken(value: string, at: number): Read | undefined {
  // Colons are allowed: many senders do not quote IPv6 addresses and ports.
  let end = at
  while (end < value.length && isValueMark(value, end)) end++
  return end === at ? undefined : { text: value.slice(at, end), end }
}

function readQuoted(value: string, at: number): Read | undefined {
  let text = ''
  let from = at
  for (let i = at; i < value.length; i++) {
    if (value[i] === '"') return { text: text + value.slice(from, i), end: i + 1 }
    if (value[i] !== '\\') continue
    text += value.slice(from, i)
    from = ++i
  }
  return undefined
}

function behindBlanks(value: string, at: number): number {
  let i = at
  while (value[i] === ' ' || value[i] === '\t') i++
  return i
}

function behindToken(value: string, at: number): number {
  let i = at
  while (i < value.length && token.test(value[i] as string)) i++
  return i
}

const isValueMark = (value: string, at: number): boolean =>
  token.test(value[at] as string) || value[at] === ':' || value[at] === '[' || value[at] === ']'

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]/

/** `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]` and `[::1]:80`. */
function addressIn(text: string): string {
  const closing = text.startsWith('[') ? text.indexOf(']') : -1
  const colon = text.indexOf(':')
  let bare = text
  if (closing > 0) bare = text.slice(1, closing)
  else if (colon >= 0 && colon === text.lastIndexOf(':')) bare = text.slice(0, colon)
  return isIP(bare) === 0 ? '' : bare
}

/**
 * The nearest address that is not a trusted proxy; the search ends at anything that is not an address.
 * @param claimed in the order in which the hops added them: the nearest is last; '' for what is not an address.
 * @param remote address of the connection.
 */
export function clientBehind(
  claimed: readonly string[],
  remote: string,
  isTrusted: (address: string) => boolean,
): string {
  let known = remote
  for (const address of claimed.toReversed()) {
    if (address === '') return known
    known = address
    if (!isTrusted(address)) return known
  }
  return known
}

/**
 * A hop as an entry of X-Forwarded-For. A quoted node name may hold a comma, which would make it several entries there, so
 * any name that is neither an address nor a token becomes `unknown`.
 */
export const listEntry = ({ address, text }: Hop): string =>
  address || (isToken.test(text) ? text : 'unknown')

/** A hop as the `for` of an element of Forwarded. */
export function forPair({ address, text }: Hop): string {
  if (address.includes(':')) return `for="[${address}]"`
  if (address !== '') return `for=${address}`
  return isToken.test(text) ? `for=${text}` : 'for=unknown'
}

const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
