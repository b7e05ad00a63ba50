// Still stage 4: the cascade redirects the client to the chosen node. The status is 302 for GET and
// HEAD, and 307 for other methods, which must not change [RFC 9110 15.4].

import { type LocationFormat, locationOf } from '../../candidacy/location.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { text } from '../../wire/http/fields.ts'
import { hostWithoutPort } from '../../wire/http/host.ts'
import type { RequestState } from '../exchange-state.ts'
import type { Refusal } from '../refusal.ts'

/** `undefined` when the format gives no valid location: then the request is forwarded. */
export function redirect(
  { head }: Readonly<RequestState>,
  candidate: Candidate,
  format: LocationFormat,
): Refusal | undefined {
  const { bytes } = head.fields
  const host = hostWithoutPort(text(bytes, head.hostFrom, head.hostTo))
  const target = text(bytes, head.targetFrom, head.targetTo)
  const location = locationOf(format, candidate, host, target)
  if (location === undefined) return undefined
  candidate.live.elected++
  const keepsMethod = head.method === 'GET' || head.isHead
  return { status: keepsMethod ? 302 : 307, code: 'REDIRECT', text: 'served elsewhere', location }
}
