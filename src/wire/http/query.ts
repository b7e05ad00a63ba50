// Parameters in the query of a target, searched in the received bytes.

import { indexIn } from './bytes.ts'
import { text } from './fields.ts'

const AMPERSAND = 0x26
const EQUALS = 0x3d

/**
 * The value of the first parameter `name` in a query bytes[from..to), as received: escapes are not decoded. `undefined`
 * when there is none.
 */
export function queryParameter(
  bytes: Buffer,
  from: number,
  to: number,
  name: Uint8Array,
): string | undefined {
  for (let i = from; i < to; ) {
    const next = indexIn(bytes, AMPERSAND, i, to)
    const end = next < 0 ? to : next
    if (isNamed(bytes, i, end, name)) return text(bytes, i + name.length + 1, end)
    i = end + 1
  }
  return undefined
}

function isNamed(bytes: Buffer, from: number, end: number, name: Uint8Array): boolean {
  if (from + name.length >= end || bytes[from + name.length] !== EQUALS) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false
  return true
}
