// Whether a request on the control listener may be answered: its secret, and that no web page of somebody
// else's has sent it. Called by the responder before anything is read from the message.

import { isIP } from 'node:net'
import { readSecret } from '../wire/authorization.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'
import { sameSecret } from './same-secret.ts'

/** What is wrong; `undefined` when it may be answered. */
export type Denial = 'secret' | 'origin' | 'host' | undefined

/**
 * @param secret '' when none is asked for.
 * @param kind MCMP, something to look at, or a page's form that changes something.
 * @param isLocal it came to a loopback address.
 */
export function denialOf(
  request: FramedRequest,
  secret: string,
  kind: 'message' | 'page' | 'action',
  isLocal: boolean,
): Denial {
  const field = (name: string): string | undefined => request.fields.get(name)?.[0]
  if (secret !== '' && !sameSecret(readSecret(field('authorization') ?? '') ?? '', secret))
    return 'secret'
  const origin = field('origin')
  // Programs send none. A page may act upon the listener that it came from, and never speak as a node.
  if (origin !== undefined && (kind === 'message' || !isOwnOrigin(origin, field('host') ?? '')))
    return 'origin'
  const isTrusted = secret !== '' || isPlainHost(field('host') ?? '')
  if (kind === 'action' && isLocal && !isTrusted) return 'host'
  return undefined
}

const isOwnOrigin = (origin: string, host: string): boolean =>
  origin.toLowerCase().replace(/^https?:\/\//, '') === host.toLowerCase()

/**
 * Whether a `Host` field names this machine or an address. On a loopback listener any other name is that of
 * a web page whose owner has had it resolved to here, so that the browser takes the two for one.
 */
export function isPlainHost(host: string): boolean {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
  return name === '' || name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0
}
