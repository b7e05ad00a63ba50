// Whether a request has passed a proxy before, by the entries of its Via fields [RFC 9110 7.6.3]:
// `1.1 pseudonym (comment)`. The front proxy and peers use it to stop loops.

import { VIA } from './field-name.ts'
import type { Fields } from './fields.ts'

/** @param value of one Via field, or of several joined by commas. */
export function viaNames(value: string, pseudonym: string): boolean {
  return value.split(',').some((entry) => entry.trim().split(/[ \t]+/)[1] === pseudonym)
}

/** The same for all Via fields of a request's head. */
export function hasPassed(fields: Fields, pseudonym: string): boolean {
  for (let f = 0; f < fields.count; f++) {
    if (fields.kind(f) === VIA && viaNames(fields.value(f), pseudonym)) return true
  }
  return false
}
