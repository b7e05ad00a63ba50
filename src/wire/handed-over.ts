// The mark of a request that a peer has handed over: the address of the client, and a signature if the peers share a key. The
// receiving peer serves a marked request itself. Pure; used by peer/ on both sides.

import { hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { hostText } from '../base/host-port.ts'

/** The field's name, in lower case. */
export const handedOverField = 'topspin-handed-over'

/** The client of the peer that handed the request over. */
export interface HandedOver {
  /** IPv4 or IPv6, without brackets. */
  readonly address: string
  /** 0..65535 */
  readonly port: number
  readonly scheme: 'http' | 'https'
  /** Wall time of the hand-over, ms. */
  readonly time: number
}

/** The part of the request that the signature covers. */
export interface MarkedRequest {
  readonly method: string
  /** As sent, with query. */
  readonly target: string
}

/** Characters of base64url: the first 132 bits of the HMAC. */
const signatureLength = 22
const form = new RegExp(
  `^(for="(?:\\[([0-9a-f:.]{2,45})\\]|([0-9.]{7,15})):(\\d{1,5})";proto=(https?);at=(\\d{1,15}))` +
    `(?:;sig=([A-Za-z0-9_-]{${signatureLength}}))?$`,
)

/** Writes the marks of one client; the constant part is formatted once. */
export class Marker {
  readonly #client: string
  readonly #key: KeyObject | undefined

  /**
   * @param key signs the marks; without a key the other peer accepts them by the address of this one.
   * @throws RangeError for an invalid address or port.
   */
  constructor(client: Omit<HandedOver, 'time'>, key: KeyObject | undefined) {
    const { address, port, scheme } = client
    const family = isIP(address)
    if (family === 0 || !Number.isInteger(port) || port < 0 || port > 65_535)
      throw new RangeError(`not an address and port: ${address} ${port}`)
    const host = hostText(address.toLowerCase())
    this.#client = `for="${host}:${port}";proto=${scheme};at=`
    this.#key = key
  }

  /** The field's value. @param time wall time, ms. @param target as it is sent to the peer. */
  mark(time: number, method: string, target: string): string {
    const signed = this.#client + time
    const key = this.#key
    return key === undefined ? signed : `${signed};sig=${signature(signed, method, target, key)}`
  }
}

/** A single mark. @throws RangeError as `Marker`. */
export const writeHandedOver = (
  mark: HandedOver,
  { method, target }: MarkedRequest,
  key: KeyObject | undefined,
): string => new Marker(mark, key).mark(mark.time, method, target)

type HandedOverReading =
  | { readonly kind: 'valid'; readonly mark: HandedOver; readonly signed: boolean }
  | { readonly kind: 'refused'; readonly reason: 'form' | 'signature' | 'time' }

/**
 * Parses and verifies the field's value. With keys, a mark must be signed with one of them, and its time must be current.
 * @param now wall time, ms.
 * @param skewMs largest accepted difference between `now` and the time of the mark, ms.
 */
export function readHandedOver(
  value: string,
  request: MarkedRequest,
  keys: readonly KeyObject[],
  now: number,
  skewMs: number,
): HandedOverReading {
  const match = form.exec(value)
  const address = match?.[2] ?? match?.[3] ?? ''
  const port = Number(match?.[4])
  if (match === null || isIP(address) === 0 || port > 65_535)
    return { kind: 'refused', reason: 'form' }
  const [, signed = '', , , , scheme, time, sent = ''] = match
  if (keys.length > 0) {
    if (!keys.some((key) => isSame(sent, signature(signed, request.method, request.target, key))))
      return { kind: 'refused', reason: 'signature' }
    if (Math.abs(now - Number(time)) > skewMs) return { kind: 'refused', reason: 'time' }
  }
  const mark: HandedOver = {
    address,
    port,
    scheme: scheme === 'https' ? 'https' : 'http',
    time: Number(time),
  }
  return { kind: 'valid', mark, signed: keys.length > 0 }
}

function signature(signed: string, method: string, target: string, key: KeyObject): string {
  const text = `topspin handed over 1\n${method} ${target}\n${signed}`
  return hmac(text, key).slice(0, signatureLength)
}

/** Block size and output size of SHA-256, bytes. */
const block = 64
const size = 32

/** The padded key of the inner and of the outer hash [RFC 2104], each with room for the text after it. */
interface Pads {
  readonly inner: Buffer
  readonly outer: Buffer
}

const padsOf = new WeakMap<KeyObject, Pads>()

function makePads(key: KeyObject): Pads {
  const secret = key.export()
  const bytes = secret.length > block ? hash('sha256', secret, 'buffer') : secret
  const inner = Buffer.alloc(block + textMax, 0x36, 'latin1')
  const outer = Buffer.alloc(block + size, 0x5c, 'latin1')
  for (const [index, byte] of bytes.entries()) {
    inner[index] = byte ^ 0x36
    outer[index] = byte ^ 0x5c
  }
  const pads = { inner, outer }
  padsOf.set(key, pads)
  return pads
}

/** Longest text that fits into the prepared buffer; request targets are shorter. */
const textMax = 16_384

/**
 * HMAC-SHA256 [RFC 2104] in base64url, as two calls of `hash`: `createHmac` allocates an object for each message, which costs
 * more than hashing so few bytes.
 */
function hmac(text: string, key: KeyObject): string {
  const { inner, outer } = padsOf.get(key) ?? makePads(key)
  const isLong = text.length > textMax
  const bytes = isLong
    ? Buffer.concat([inner.subarray(0, block), Buffer.from(text, 'latin1')])
    : inner.subarray(0, block + inner.write(text, block, 'latin1'))
  outer.write(hash('sha256', bytes, 'binary'), block, 'latin1')
  return hash('sha256', outer, 'base64url')
}

function isSame(sent: string, right: string): boolean {
  return sent.length === right.length && timingSafeEqual(Buffer.from(sent), Buffer.from(right))
}
