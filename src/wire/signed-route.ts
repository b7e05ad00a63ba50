// Signed routes of peers in session ids, so that clients cannot choose a server: `<name>~<signature>`. The signature is 22
// characters of base64url, 132 bits of an HMAC-SHA256. Pure.

import { createHmac, timingSafeEqual } from 'node:crypto'

const signatureLength = 22

/** The route that an application appends to a session id, after the dot. */
export function signRoute(name: string, key: Uint8Array): string {
  return `${name}~${signature(name, key)}`
}

/** The name in a signed route; `undefined` unless it is signed with one of the keys. */
export function openRoute(text: string, keys: readonly Uint8Array[]): string | undefined {
  const at = text.lastIndexOf('~')
  if (at < 1 || text.length - at - 1 !== signatureLength) return undefined
  const name = text.slice(0, at)
  const sent = Buffer.from(text.slice(at + 1), 'latin1')
  const isSigned = keys.some((key) => timingSafeEqual(Buffer.from(signature(name, key)), sent))
  return isSigned ? name : undefined
}

function signature(name: string, key: Uint8Array): string {
  const hmac = createHmac('sha256', key).update('topspin route\n').update(name, 'latin1')
  return hmac.digest('base64url').slice(0, signatureLength)
}
