// The mark of a request that one peer has handed over to another: who the client is, and a signature by
// which peers that share a key know each other. A marked request is served where it arrives. Pure; used
// by src/peer on both sides.

import { hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { hostText } from '../base/host-port.ts'

/** The field's name, in lower case. */
export const handedOverField = 'topspin-handed-over'

/** The client as the first peer saw it. */
export interface HandedOver {
  /** IPv4 or IPv6, without brackets. */
  readonly address: string
  /** 0..65535 */
  readonly port: number
  readonly scheme: 'http' | 'https'
  /** Wall time of handing over, ms. */
  readonly time: number
}

/** What of the request the signature covers, beside the mark. */
export interface MarkedRequest {
  readonly method: string
  /** As sent, query included. */
  readonly target: string
}

/** The signature is cut to 16 bytes; base64url of that. */
const signatureLength = 22
const form = new RegExp(
  `^(for="(?:\\[([0-9a-f:.]{2,45})\\]|([0-9.]{7,15})):(\\d{1,5})";proto=(https?);at=(\\d{1,15}))` +
    `(?:;sig=([A-Za-z0-9_-]{${signatureLength}}))?$`,
)

/** Marks the requests of one client: what is the same for all of them is put together once. */
export class Marker {
  readonly #client: string
  readonly #key: KeyObject | undefined

  /**
   * @param key signs; without one a mark is believed by the networks alone that the other peer accepts from.
   * @throws RangeError for what is no address or port.
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

/** One mark of `Marker`, for a request whose client is not met again. @throws RangeError as there. */
export const writeHandedOver = (
  mark: HandedOver,
  { method, target }: MarkedRequest,
  key: KeyObject | undefined,
): string => new Marker(mark, key).mark(mark.time, method, target)

export type HandedOverReading =
  | { readonly kind: 'valid'; readonly mark: HandedOver; readonly signed: boolean }
  | { readonly kind: 'refused'; readonly reason: 'form' | 'signature' | 'time' }

/**
 * Reads the field's value. With keys a mark must be signed by one of them, within the time window.
 * @param now wall time, ms.
 * @param skewMs how far the two clocks may differ, the time on the way included.
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

/** Bytes of a block of SHA-256, and of its result. */
const block = 64
const size = 32

/** Two blocks that begin the inner and the outer hash of a key, with room behind them. */
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

/** Longest text that is hashed at once; request targets are shorter. */
const textMax = 16_384

/**
 * HMAC-SHA256 [RFC 2104] in base64url, as two hashes: `createHmac` makes an object for each message, which costs
 * more than all the hashing of so few bytes.
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
