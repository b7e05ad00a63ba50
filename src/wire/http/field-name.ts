// The field names that a gateway handles specially. All others are OTHER and are passed on as bytes.

import { isMark } from './bytes.ts'

export const OTHER = 0
export const HOST = 1
export const CONTENT_LENGTH = 2
export const TRANSFER_ENCODING = 3
export const CONNECTION = 4
/** Never forwarded: hop-by-hop even when Connection does not name it [RFC 9110 7.6.1]; `Proxy` because of CGI's HTTP_PROXY. */
export const DROPPED = 5
export const UPGRADE = 6
export const EXPECT = 7
export const VIA = 8
export const FORWARDED = 9
export const X_FORWARDED_FOR = 10
export const X_FORWARDED_PROTO = 11
export const X_FORWARDED_HOST = 12
/** Other fields with a client's address, protocol or path prefix; forwarded from trusted addresses only. */
export const CLAIM = 13
export const COOKIE = 14
export const MAX_FORWARDS = 15
export const LOAD_REPORT = 16
export const WEBSOCKET_KEY = 17
export const WEBSOCKET_VERSION = 18
export const WEBSOCKET_ACCEPT = 19
const TRAILER = 20
export const DATE = 24
export const KEEP_ALIVE = 21
/** The mark of a request that a peer has handed over. */
export const HANDED_OVER = 22
/**
 * A name from a client that equals one of these names once every other character than letters and digits is `_`, as in
 * CGI, WSGI, Rack and PHP, and those around it are left out: `X_Forwarded_For`, `Forwarded_`. If the name is that of a framing field, the request is refused instead.
 */
export const FOLDED = 23
/** Authorization and Proxy-Authorization, which are passed on. */
export const AUTHORIZATION = 25
export const SET_COOKIE = 26
/** Written by the proxy itself where it gives requests ids; else passed on. */
export const REQUEST_ID = 27
/** Written by the proxy itself where it traces requests; else passed on. */
export const TRACEPARENT = 28
export const TRACESTATE = 29

/** The treatment of fields of the kind FOLDED. */
export type Underscores = 'drop' | 'pass' | 'reject'

const names: readonly (readonly [string, number])[] = [
  ['host', HOST],
  ['date', DATE],
  ['content-length', CONTENT_LENGTH],
  ['transfer-encoding', TRANSFER_ENCODING],
  ['connection', CONNECTION],
  ['keep-alive', KEEP_ALIVE],
  ['proxy-connection', DROPPED],
  ['te', DROPPED],
  ['http2-settings', DROPPED],
  ['proxy', DROPPED],
  // Only the proxy itself may send them [RFC 9440 4].
  ['client-cert', DROPPED],
  ['client-cert-chain', DROPPED],
  ['upgrade', UPGRADE],
  ['expect', EXPECT],
  ['via', VIA],
  ['forwarded', FORWARDED],
  ['x-forwarded-for', X_FORWARDED_FOR],
  ['x-forwarded-proto', X_FORWARDED_PROTO],
  ['x-forwarded-host', X_FORWARDED_HOST],
  ['x-forwarded-port', CLAIM],
  ['x-forwarded-server', CLAIM],
  ['x-forwarded-prefix', CLAIM],
  ['x-forwarded-ssl', CLAIM],
  ['x-forwarded-scheme', CLAIM],
  ['x-forwarded-by', CLAIM],
  ['x-forwarded', CLAIM],
  ['x-real-ip', CLAIM],
  ['cookie', COOKIE],
  ['authorization', AUTHORIZATION],
  ['proxy-authorization', AUTHORIZATION],
  ['set-cookie', SET_COOKIE],
  ['x-request-id', REQUEST_ID],
  ['traceparent', TRACEPARENT],
  ['tracestate', TRACESTATE],
  ['max-forwards', MAX_FORWARDS],
  ['endpoint-load-metrics', LOAD_REPORT],
  ['endpoint-load-metrics-bin', LOAD_REPORT],
  ['sec-websocket-key', WEBSOCKET_KEY],
  ['sec-websocket-version', WEBSOCKET_VERSION],
  ['sec-websocket-accept', WEBSOCKET_ACCEPT],
  ['trailer', TRAILER],
  ['topspin-handed-over', HANDED_OVER],
]

interface Known {
  readonly bytes: Uint8Array
  readonly kind: number
}

const byLength: Known[][] = Array.from({ length: 32 }, () => [])
for (const [name, kind] of names) {
  byLength[name.length]?.push({ bytes: Buffer.from(name), kind })
}

/**
 * Whether a name is that of a framing field with other token characters around it, such as `Content-Length'`. It is a valid
 * token, but some servers strip those characters.
 */
export function isDisguised(bytes: Buffer, from: number, to: number): boolean {
  if (isMark[bytes[from]!] === 0 && isMark[bytes[to - 1]!] === 0) return false
  return frames(coreKind(bytes, from, to))
}

/** The kind of a name without the marks around it, folded. */
function coreKind(bytes: Buffer, from: number, to: number): number {
  const [first, last] = coreOf(bytes, from, to)
  return foldedKind(bytes, first, last)
}

const frames = (kind: number): boolean => kind === CONTENT_LENGTH || kind === TRANSFER_ENCODING

/** Kinds that pass unchanged, whatever their spelling. */
const harmless: ReadonlySet<number> = new Set([
  OTHER,
  LOAD_REPORT,
  WEBSOCKET_KEY,
  WEBSOCKET_VERSION,
  WEBSOCKET_ACCEPT,
  DATE,
  AUTHORIZATION,
  SET_COOKIE,
])

/**
 * The kind of a client's field name: as `fieldKind`, or FOLDED; -1 for one that folds to a framing field. Marks around a
 * name do not hide it (`Forwarded_`), since some servers strip them.
 */
export function clientFieldKind(bytes: Buffer, from: number, to: number): number {
  const kind = wholeNameKind(bytes, from, to)
  if (kind !== OTHER || (isMark[bytes[from]!] === 0 && isMark[bytes[to - 1]!] === 0)) return kind
  return harmless.has(coreKind(bytes, from, to)) ? OTHER : FOLDED
}

function wholeNameKind(bytes: Buffer, from: number, to: number): number {
  const known = byLength[to - from]
  if (known === undefined) return OTHER
  const first = bytes[from]! | 0x20
  for (let i = 0; i < known.length; i++) {
    const candidate = known[i]!
    if (candidate.bytes[0] !== first) continue
    const { kind } = candidate
    if (equalsName(bytes, from, to, candidate.bytes)) return kind
    if (foldsTo(bytes, from, candidate.bytes) && !harmless.has(kind))
      return frames(kind) ? -1 : FOLDED
  }
  return OTHER
}

/** The kind of the name bytes[from..to) with every mark replaced by `-`. */
function foldedKind(bytes: Buffer, from: number, to: number): number {
  const known = byLength[to - from]
  return known?.find((candidate) => foldsTo(bytes, from, candidate.bytes))?.kind ?? OTHER
}

function foldsTo(bytes: Buffer, from: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[from + i]!
    const isSame = (byte | 0x20) === name[i] || (name[i] === DASH && isMark[byte] === 1)
    if (!isSame) return false
  }
  return true
}

const DASH = 0x2d

/**
 * Whether bytes[from..to) equals `name` once every mark of both is `_`, and those around them are left out, as in CGI, WSGI,
 * Rack and PHP. @param name a token in lower case.
 */
export function foldsToName(bytes: Buffer, from: number, to: number, name: Uint8Array): boolean {
  const [first, last] = coreOf(bytes, from, to)
  const [begin, end] = coreOf(name, 0, name.length)
  if (last - first !== end - begin) return false
  for (let i = 0; i < last - first; i++) {
    const byte = bytes[first + i]!
    const other = name[begin + i]!
    if (lowerCase(byte) !== other && !(isMark[byte] === 1 && isMark[other] === 1)) return false
  }
  return true
}

const lowerCase = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)

/** Where a name begins and ends without the marks around it; all of it when it has nothing else. */
function coreOf(bytes: Uint8Array, from: number, to: number): readonly [from: number, to: number] {
  let first = from
  let last = to
  while (first < last && isMark[bytes[first]!] === 1) first++
  while (last > first && isMark[bytes[last - 1]!] === 1) last--
  return first < last ? [first, last] : [from, to]
}

/** The kind of the field name bytes[from..to), a token. */
export function fieldKind(bytes: Buffer, from: number, to: number): number {
  const known = byLength[to - from]
  if (known === undefined) return OTHER
  const first = bytes[from]! | 0x20
  for (let i = 0; i < known.length; i++) {
    const candidate = known[i]!
    if (candidate.bytes[0] === first && equalsName(bytes, from, to, candidate.bytes)) {
      return candidate.kind
    }
  }
  return OTHER
}

/** Whether bytes[from..to) is this name, whatever its case. @param name a token in lower case. */
export function isNamed(bytes: Buffer, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    if (lowerCase(bytes[from + i]!) !== name[i]) return false
  }
  return true
}

/** As `isNamed`, in fewer steps. @param name in lower case, without any of `@[\]^_`{|}~`. */
export function equalsName(bytes: Buffer, from: number, to: number, name: Uint8Array): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    if ((bytes[from + i]! | 0x20) !== name[i]) return false
  }
  return true
}
