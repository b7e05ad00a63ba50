// The path of a target as contexts are matched: decoded once, without query, parameters and dot
// segments. The target itself is forwarded as it came [RFC 9112 3.2].

import { hexValue } from './bytes.ts'
import { text } from './fields.ts'

const PERCENT = 0x25
const DOT = 0x2e
const SLASH = 0x2f
const SEMICOLON = 0x3b
const QUESTION = 0x3f

/** The path of the target bytes[from..to), from `/` to the first `?` or `;`. */
export function routingPath(bytes: Buffer, from: number, to: number): string {
  let i = from
  let plain = true
  for (; i < to; i++) {
    const byte = bytes[i]!
    if (byte === QUESTION || byte === SEMICOLON) break
    if (byte === PERCENT || (byte === DOT && bytes[i - 1] === SLASH)) plain = false
  }
  return plain ? text(bytes, from, i) : withoutDots(decoded(bytes, from, i))
}

/** `%2f` stays as it is: an encoded slash is part of a segment, not an end of one. */
function decoded(bytes: Buffer, from: number, to: number): string {
  const plain = Buffer.alloc(to - from)
  let length = 0
  for (let i = from; i < to; i++) {
    let byte = bytes[i]!
    if (byte === PERCENT && i + 2 < to) {
      const value = hexValue[bytes[i + 1]!]! * 16 + hexValue[bytes[i + 2]!]!
      if (value !== SLASH) {
        byte = value
        i += 2
      }
    }
    plain[length++] = byte
  }
  return plain.toString('utf8', 0, length)
}

/** remove_dot_segments [RFC 3986 5.2.4] */
function withoutDots(path: string): string {
  const kept: string[] = []
  const segments = path.split('/')
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') {
      if (kept.length > 1) kept.pop()
    } else if (segment !== '.') kept.push(segment)
    if ((segment === '.' || segment === '..') && index === segments.length - 1) kept.push('')
  }
  return kept.join('/') || '/'
}
