// The path of a target, for the look-up of contexts. The target itself is forwarded unchanged [RFC 9112 3.2].

import { indexIn } from './bytes.ts'
import { text } from './fields.ts'

const PERCENT = 0x25
const DOT = 0x2e
const SLASH = 0x2f
const SEMICOLON = 0x3b
const QUESTION = 0x3f

/**
 * The path of the target bytes[from..to) without query, if it has no escapes, parameters, dot segments or empty segments, so
 * that all servers read it in the same way; otherwise `undefined` (see path-readings.ts).
 */
export function plainPath(bytes: Buffer, from: number, to: number): string | undefined {
  let before = 0
  let i = from
  for (; i < to; i++) {
    const byte = bytes[i]!
    if (byte === QUESTION) break
    if (byte === PERCENT || byte === SEMICOLON) return undefined
    if (before === SLASH && (byte === SLASH || (byte === DOT && mayEndDots(bytes, i + 1, to)))) {
      return undefined
    }
    before = byte
  }
  return text(bytes, from, i)
}

/** The path of the target bytes[from..to) as received, without query. */
export function rawPath(bytes: Buffer, from: number, to: number): string {
  const query = indexIn(bytes, QUESTION, from, to)
  return text(bytes, from, query < 0 ? to : query)
}

/** Whether a segment that begins with a dot may be a dot segment. */
function mayEndDots(bytes: Buffer, at: number, to: number): boolean {
  const byte = at < to ? bytes[at] : SLASH
  return byte === SLASH || byte === DOT || byte === QUESTION
}
