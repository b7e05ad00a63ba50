// Loop detection by the entries of Via, `1.1 pseudonym (comment)` [RFC 9110 7.6.3]. Used by the front proxy and by peers.

import { VIA } from './field-name.ts'
import type { Fields } from './fields.ts'

/** Whether an entry has this pseudonym. @param value of one Via field, or of several joined by commas. */
export function viaNames(value: string, pseudonym: string): boolean {
  return value.split(',').some((entry) => entry.trim().split(/[ \t]+/)[1] === pseudonym)
}

/** Whether an entry in any Via field of a head has this pseudonym. */
export function hasPassed(fields: Fields, pseudonym: string): boolean {
  for (let f = 0; f < fields.count; f++) {
    if (fields.kinds[f]! === VIA && viaNames(fields.value(f), pseudonym)) return true
  }
  return false
}
