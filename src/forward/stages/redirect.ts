// Still stage 4: the cascade redirects the client to the chosen node. The status is 302 for GET and
// HEAD, and 307 for other methods, which must not change [RFC 9110 15.4].

import { type LocationFormat, locationOf } from '../../candidacy/location.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { Redirection } from '../exchange-state.ts'
import type { Refusal } from '../refusal.ts'

/** What a redirect needs of the head, whose bytes are gone when the choice has to wait. */
export function redirection(head: RequestHead, format: LocationFormat): Redirection {
  const { bytes } = head.fields
  return {
    format,
    host: hostWithoutPort(text(bytes, head.hostFrom, head.hostTo)),
    target: text(bytes, head.targetFrom, head.targetTo),
    status: head.method === 'GET' || head.isHead ? 302 : 307,
  }
}

/** `undefined` when the format gives no valid location: then the request is forwarded. */
export function redirect(
  { format, host, target, status }: Redirection,
  candidate: Candidate,
): Refusal | undefined {
  const location = locationOf(format, candidate, host, target)
  if (location === undefined) return undefined
  candidate.live.elected++
  return { status, code: 'REDIRECT', text: 'served elsewhere', location }
}
