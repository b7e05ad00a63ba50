// The node is reached by a redirect, because its cascade says so: the client is told where to go, by 302 for
// GET and HEAD and by 307 for other methods, which must stay what they are [RFC 9110 15.4].

import { locationOf } from '../../candidacy/location.ts'
import type { Candidate } from '../../cluster/routes.ts'
import { text } from '../../wire/http/fields.ts'
import { hostName } from '../../wire/http/host.ts'
import type { Exchange } from '../exchange.ts'
import type { Refusal } from './refusal.ts'

/** `undefined` when the cascade has no format, or the format comes to no place: then the request is forwarded. */
export function redirect(exchange: Exchange, candidate: Candidate): Refusal | undefined {
  const { head, cascade } = exchange
  const format = cascade.location
  if (format === undefined) return undefined
  const { bytes } = head.fields
  const host = hostName(text(bytes, head.hostFrom, head.hostTo))
  const target = text(bytes, head.targetFrom, head.targetTo)
  const location = locationOf(format, candidate, host, target)
  if (location === undefined) return undefined
  candidate.live.elected++
  const keeps = head.method === 'GET' || head.isHead
  return { status: keeps ? 302 : 307, code: 'REDIRECT', text: 'served elsewhere', location }
}
