// Who has sent a request, for the access log.

import { logLimits } from '../../base/limits.ts'
import type { ForwardedLines } from '../../wire/forwarded.ts'
import { type Fields, text } from '../../wire/http/fields.ts'

export interface Sender {
  readonly userAgent: string
  /** Address, without port: the nearest one that is not a trusted proxy. */
  readonly client: string
  /** Values of the fields that the log asks for. */
  readonly fields: readonly string[]
}

const userAgent = Buffer.from('user-agent')

const none: readonly string[] = []

/** @param names of the fields that the log asks for, in lower case. */
export function senderOf(
  fields: Fields,
  { forwarded }: { readonly forwarded: ForwardedLines },
  names: readonly Buffer[],
): Sender {
  return {
    userAgent: beginning(fields, userAgent, logLimits.userAgentMax),
    client: forwarded.clientOf(fields),
    fields:
      names.length === 0 ? none : names.map((name) => beginning(fields, name, logLimits.fieldMax)),
  }
}

function beginning(fields: Fields, name: Buffer, max: number): string {
  const f = fields.indexOf(name)
  if (f < 0) return ''
  const from = fields.valueFrom(f)
  return text(fields.bytes, from, Math.min(fields.valueTo(f), from + max))
}
