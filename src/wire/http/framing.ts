// Strict parsers for the values of Content-Length and Transfer-Encoding [RFC 9112 6].

import { isDigit } from './bytes.ts'
import { equalsName } from './field-name.ts'

const chunked = Buffer.from('chunked')

/** Decimal digits, at most 19, with a value up to 2^53 - 1. @returns -1 for anything else. */
export function parseLength(bytes: Buffer, from: number, to: number): number {
  if (from === to || to - from > 19) return -1
  let length = 0
  for (let i = from; i < to; i++) {
    if (isDigit[bytes[i]!] !== 1) return -1
    length = length * 10 + (bytes[i]! - 0x30)
  }
  return Number.isSafeInteger(length) ? length : -1
}

/** As `parseLength`, or a list of equal lengths, which may be read as one [RFC 9112 6.3]. */
export function parseEqualLengths(bytes: Buffer, from: number, to: number): number {
  const length = parseLength(bytes, from, to)
  if (length >= 0 || bytes.subarray(from, to).indexOf(COMMA) < 0) return length
  const lengths = bytes
    .toString('latin1', from, to)
    .split(',')
    .map((part) => part.replace(/^[ \t]+/, '').trimEnd())
    .map((part) => parseLength(Buffer.from(part, 'latin1'), 0, part.length))
  return lengths.every((other) => other === lengths[0]) ? (lengths[0] ?? -1) : -1
}

const COMMA = 0x2c

/** Whether the value is exactly `chunked`: no list, no parameter, no other coding. */
export function isChunked(bytes: Buffer, from: number, to: number): boolean {
  return equalsName(bytes, from, to, chunked)
}
