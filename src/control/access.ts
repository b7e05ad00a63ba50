// Whether a request on the control listener may be answered: its secret, and that no foreign web page sent it.
// Called by the responder before it reads the message.

import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { nameCheck } from '../net/node-addresses.ts'
import { readSecret } from '../wire/authorization.ts'
import { hostKey, isAuthority } from '../wire/http/host.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'

/** The problem of the request. */
export type Denial = 'secret' | 'origin' | 'host'

/** `action`: a form of a page that changes something. */
export type RequestKind = 'message' | 'page' | 'action'

/**
 * `undefined` when the request may be answered.
 * @param secret '' when none is required.
 * @param isOwnHost whether a `Host` field stands for this listener (`ownHostCheck`).
 */
export function denialOf(
  request: FramedRequest,
  secret: string,
  kind: RequestKind,
  isOwnHost: (host: string) => boolean,
): Denial | undefined {
  const field = (name: string): string | undefined => request.fields.get(name)?.[0]
  if (secret !== '' && !isSameSecret(readSecret(field('authorization') ?? '') ?? '', secret))
    return 'secret'
  const { host } = request
  if (secret === '' && kind !== 'message' && !isOwnHost(host)) return 'host'
  const origin = field('origin')
  // Only browsers send Origin. A page may act on the listener that served it, but never send messages.
  if (origin !== undefined && (kind === 'message' || !isOwnOrigin(origin, host))) return 'origin'
  return undefined
}

const isOwnOrigin = (origin: string, host: string): boolean =>
  origin.toLowerCase().replace(/^https?:\/\//, '') === host.toLowerCase()

/**
 * Whether a `Host` field stands for this listener: an address, `localhost` and what is below it, a name without dots,
 * which is one of the local network, or one of `names`. Any other may belong to a web page whose owner makes the name
 * resolve to this machine, so that the browser takes the two for one site (DNS rebinding).
 * @param names host names, and `.suffix` for all names below.
 */
export function ownHostCheck(names: readonly string[]): (host: string) => boolean {
  const isNamed = nameCheck(['.localhost', ...names])
  return (host) => {
    const bytes = Buffer.from(host, 'latin1')
    if (!isAuthority(bytes, 0, bytes.length, true)) return false
    const name = hostKey(host)
    return !name.includes('.') || isIP(name.replace(/^\[|\]$/g, '')) !== 0 || isNamed(name)
  }
}

/** Compares in a time that does not depend on where the two differ. */
export const isSameSecret = (given: string, expected: string): boolean =>
  timingSafeEqual(digest(given), digest(expected))

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
