// Writes field lines in canonical form from validated parts. Adjacent lines that are canonical already are copied in one piece.

import { isToken, isValue } from './bytes.ts'
import type { Fields } from './fields.ts'
import type { Out } from './out.ts'

const separator = Buffer.from(': ')

/** Writes one field of a parsed section as `Name: value CRLF`. */
export function writeField(fields: Fields, index: number, out: Out): void {
  out.copy(fields.bytes, fields.nameFrom(index), fields.nameTo(index))
  out.raw(separator)
  out.copy(fields.bytes, fields.valueFrom(index), fields.valueTo(index))
  out.crlf()
}

/**
 * Writes the fields for which `keeps` returns true, in order.
 * @param keeps called once for each field.
 * @param by passed to `keeps`, so that it needs no closure.
 */
export function writeFields<By>(
  fields: Fields,
  keeps: (fields: Fields, index: number, by: By) => boolean,
  by: By,
  out: Out,
): void {
  let runFrom = -1
  let runTo = -1
  for (let f = 0; f < fields.count; f++) {
    const kept = keeps(fields, f, by)
    if (kept && fields.isCanonical(f)) {
      if (runFrom < 0) runFrom = fields.nameFrom(f)
      runTo = fields.valueTo(f) + 2
      continue
    }
    if (runFrom >= 0) out.copy(fields.bytes, runFrom, runTo)
    runFrom = -1
    if (kept) writeField(fields, f, out)
  }
  if (runFrom >= 0) out.copy(fields.bytes, runFrom, runTo)
}

/**
 * A field line of our own as bytes.
 * @throws RangeError when name or value is not canonical, which is an internal error.
 */
export function fieldLine(name: string, value: string): Buffer {
  const bytes = Buffer.from(`${name}: ${value}\r\n`, 'latin1')
  const nameTo = name.length
  const valueTo = bytes.length - 2
  const clean =
    nameTo > 0 &&
    bytes.subarray(0, nameTo).every((byte) => isToken[byte] === 1) &&
    bytes.subarray(nameTo + 2, valueTo).every((byte) => isValue[byte] === 1) &&
    !/^[ \t]|[ \t]$/.test(value)
  if (!clean) throw new RangeError(`not a canonical field: ${JSON.stringify(`${name}: ${value}`)}`)
  return bytes
}
