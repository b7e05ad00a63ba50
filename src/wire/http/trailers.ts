// Filters trailer fields. Fields for framing, routing, authentication or the content are dropped, since a recipient may merge
// trailers into the head [RFC 9110 6.5.1].

import { writeField } from './field-lines.ts'
import { equalsName, OTHER } from './field-name.ts'
import type { Fields } from './fields.ts'
import type { Out } from './out.ts'

const forbidden: readonly Buffer[] = [
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'date',
  'expires',
  'location',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'warning',
  'www-authenticate',
].map((name) => Buffer.from(name))
const conditional = Buffer.from('if-')

export function writeTrailers(fields: Fields, out: Out): void {
  for (let f = 0; f < fields.count; f++)
    if (isForwardedTrailer(fields, f)) writeField(fields, f, out)
}

export function isForwardedTrailer(fields: Fields, index: number): boolean {
  if (fields.kinds[index]! !== OTHER) return false
  const { bytes } = fields
  const from = fields.nameFrom(index)
  const to = fields.nameTo(index)
  for (const name of forbidden) if (equalsName(bytes, from, to, name)) return false
  return !equalsName(bytes, from, Math.min(to, from + conditional.length), conditional)
}
