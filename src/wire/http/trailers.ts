// Filters trailer fields. Fields for framing, routing, authentication or the content are dropped, since a recipient may merge
// trailers into the head [RFC 9110 6.5.1].

import { writeField } from './field-lines.ts'
import { OTHER } from './field-name.ts'
import type { Fields } from './fields.ts'
import type { Out } from './out.ts'

const forbidden = new Set([
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
])

export function writeTrailers(fields: Fields, out: Out): void {
  for (let f = 0; f < fields.count; f++)
    if (isForwardedTrailer(fields, f)) writeField(fields, f, out)
}

export function isForwardedTrailer(fields: Fields, index: number): boolean {
  if (fields.kinds[index]! !== OTHER) return false
  const name = fields.name(index)
  return !forbidden.has(name) && !name.startsWith('if-')
}
