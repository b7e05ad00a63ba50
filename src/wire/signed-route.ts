// Routes of peers in session ids, signed so that clients cannot choose a server for themselves:
// `<name>~<signature>`, 22 letters of base64url, which are 132 bits of an HMAC-SHA256. Pure.

import { createHmac, timingSafeEqual } from 'node:crypto'

const signatureLength = 22

/** What an application puts behind the dot of a session id. */
export function signRoute(name: string, key: Uint8Array): string {
  return `${name}~${signature(name, key)}`
}

/** The name, when one of the keys has signed it. */
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
