// Whether a request on the control listener may be answered: its secret, and that no foreign web page sent it.
// Called by the responder before it reads the message.

import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { nameCheck } from '../net/node-addresses.ts'
import { readSecret } from '../wire/authorization.ts'
import { hostKey, isAuthority } from '../wire/http/host.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'
import type { Caller } from './caller.ts'
import type { Actor, Identities } from './identity.ts'

/** The problem of the request. */
export type Denial = 'secret' | 'origin' | 'host'

const fieldOf = ({ fields }: FramedRequest, name: string): string | undefined =>
  fields.get(name)?.[0]

/** Of several fields none counts: which of two tokens would be meant? */
const authorizationOf = ({ fields }: FramedRequest): string =>
  (fields.get('authorization') ?? []).join(', ')

/** `undefined` when a message may be answered. @param secret '' when none is required. */
export function messageDenial(request: FramedRequest, secret: string): Denial | undefined {
  const given = readSecret(authorizationOf(request)) ?? ''
  if (secret !== '' && !isSameSecret(given, secret)) return 'secret'
  // Only browsers send Origin, and a page never sends messages.
  return fieldOf(request, 'origin') === undefined ? undefined : 'origin'
}

/**
 * Who sends a request for a page, or why it is not answered.
 * @param isOwnHost whether a `Host` field stands for this listener (`ownHostCheck`).
 */
export function admitToPage(
  request: FramedRequest,
  caller: Caller,
  identities: Identities,
  isOwnHost: (host: string) => boolean,
): Actor | Denial {
  const identified = identities.identify(authorizationOf(request), caller)
  if (identified === undefined) return 'secret'
  const { host } = request
  if (!identified.isByCredentials && !isOwnHost(host)) return 'host'
  const origin = fieldOf(request, 'origin')
  // Only browsers send these fields. A page may act on the listener that served it.
  if (origin !== undefined && !isOwnOrigin(origin, host)) return 'origin'
  const site = fieldOf(request, 'sec-fetch-site') ?? 'none'
  const isForeign = site !== 'same-origin' && site !== 'none'
  return isForeign && request.method === 'POST' ? 'origin' : identified.actor
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
