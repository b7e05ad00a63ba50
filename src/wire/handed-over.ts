// The mark of a request that one peer has handed over to another: who the client is, and a signature by
// which peers that share a key know each other. A marked request is served where it arrives. Pure; used
// by src/peer on both sides.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'

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

/**
 * The field's value.
 * @param key signs it; without one it is believed by the networks alone that the other peer accepts from.
 * @throws RangeError for what is no address or port.
 */
export function writeHandedOver(
  mark: HandedOver,
  request: MarkedRequest,
  key: KeyObject | undefined,
): string {
  const { address, port, scheme, time } = mark
  const family = isIP(address)
  if (family === 0 || !Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RangeError(`not an address and port: ${address} ${port}`)
  const host = family === 6 ? `[${address.toLowerCase()}]` : address
  const told = `for="${host}:${port}";proto=${scheme};at=${time}`
  return key === undefined ? told : `${told};sig=${signature(told, request, key)}`
}

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
  const [, told = '', , , , scheme, time, given = ''] = match
  if (keys.length > 0) {
    if (!keys.some((key) => isSame(given, signature(told, request, key))))
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

function signature(told: string, { method, target }: MarkedRequest, key: KeyObject): string {
  const text = `topspin handed over 1\n${method} ${target}\n${told}`
  return createHmac('sha256', key)
    .update(text, 'latin1')
    .digest('base64url')
    .slice(0, signatureLength)
}

function isSame(given: string, right: string): boolean {
  return given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right))
}
