// Who has sent a request, for the access log.

import { logLimits } from '../../base/limits.ts'
import type { ForwardedLines } from '../../wire/forwarded.ts'
import { type Fields, text } from '../../wire/http/fields.ts'

export interface Sender {
  readonly userAgent: string
  /** Address, without port: the nearest one that is not a trusted proxy. */
  readonly client: string
}

const userAgent = Buffer.from('user-agent')

export function senderOf(
  fields: Fields,
  { forwarded }: { readonly forwarded: ForwardedLines },
): Sender {
  return { userAgent: userAgentOf(fields), client: forwarded.clientOf(fields) }
}

function userAgentOf(fields: Fields): string {
  const f = fields.indexOf(userAgent)
  if (f < 0) return ''
  const from = fields.valueFrom(f)
  return text(fields.bytes, from, Math.min(fields.valueTo(f), from + logLimits.userAgentMax))
}
