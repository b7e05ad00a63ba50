// Whether a request on the control listener may be answered: its secret, and that no foreign web page sent it.
// Called by the responder before it reads the message.

import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { readSecret } from '../wire/authorization.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'

/** What is wrong with the request. */
export type Denial = 'secret' | 'origin' | 'host'

/** `action`: a form of a page that changes something. */
export type RequestKind = 'message' | 'page' | 'action'

/**
 * `undefined` when the request may be answered.
 * @param secret '' when none is required.
 * @param isLocal whether it came to a loopback address.
 */
export function denialOf(
  request: FramedRequest,
  secret: string,
  kind: RequestKind,
  isLocal: boolean,
): Denial | undefined {
  const field = (name: string): string | undefined => request.fields.get(name)?.[0]
  if (secret !== '' && !isSameSecret(readSecret(field('authorization') ?? '') ?? '', secret))
    return 'secret'
  const origin = field('origin')
  // Only browsers send Origin. A page may act on the listener that served it, but never send messages.
  if (origin !== undefined && (kind === 'message' || !isOwnOrigin(origin, field('host') ?? '')))
    return 'origin'
  const isTrusted = secret !== '' || isPlainHost(field('host') ?? '')
  if (kind === 'action' && isLocal && !isTrusted) return 'host'
  return undefined
}

const isOwnOrigin = (origin: string, host: string): boolean =>
  origin.toLowerCase().replace(/^https?:\/\//, '') === host.toLowerCase()

/**
 * Whether a `Host` field is an address or a name of this machine. On a loopback listener any other name may
 * belong to a web page whose owner makes the name resolve to this machine (DNS rebinding).
 */
export function isPlainHost(host: string): boolean {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  return name === '' || name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0
}

/** Compares in a time that does not depend on where the two differ. */
export const isSameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
