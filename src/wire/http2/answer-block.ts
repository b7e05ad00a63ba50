// Writes the head of an answer, or its trailers, as a field block [RFC 7541]: names in lower case, the same fields as over
// HTTP/1.1 without those of the connection [RFC 9113 8.2.2]. Only the static table is used, so the other side keeps nothing.

import {
  CONNECTION,
  CONTENT_LENGTH,
  DROPPED,
  KEEP_ALIVE,
  LOAD_REPORT,
  TRANSFER_ENCODING,
  UPGRADE,
  WEBSOCKET_ACCEPT,
} from '../http/field-name.ts'
import { Fields } from '../http/fields.ts'
import type { Out } from '../http/out.ts'
import type { ResponseHead } from '../http/response-head.ts'
import { isForwardedTrailer } from '../http/trailers.ts'
import { staticNames } from './static-table.ts'

/** Numbers of static entries. */
const STATUS = 8
const statusEntries: ReadonlyMap<number, number> = new Map([
  [200, 8],
  [204, 9],
  [206, 10],
  [304, 11],
  [400, 12],
  [404, 13],
  [500, 14],
])
const CONTENT_LENGTH_NAME = 28
const INDEXED = 0x80
/** A literal that is kept in no table. */
const LITERAL = 0x00

interface StaticName {
  readonly bytes: Buffer
  readonly index: number
}

/** Where a name of this length, first and last byte is looked up; letters of both cases have the same place. */
const placeOf = (length: number, first: number, last: number): number =>
  ((length << 5) ^ ((first & 31) << 3) ^ (last & 31)) & 1_023
/** Names of the static table by place, for a look-up without strings. */
const namesAt: (readonly StaticName[] | undefined)[] = Array.from({ length: 1_024 })
for (const [name, index] of staticNames) {
  const bytes = Buffer.from(name)
  const place = placeOf(bytes.length, bytes[0]!, bytes.at(-1)!)
  namesAt[place] = [...(namesAt[place] ?? []), { bytes, index }]
}

/**
 * @param date the line of a Date field, for a response without one.
 * @param added whole lines of the proxy's own.
 * @param isTunnel the answer to an extended CONNECT.
 */
export function writeAnswerBlock(
  head: ResponseHead,
  date: Buffer | undefined,
  added: Buffer | undefined,
  isTunnel: boolean,
  out: Out,
): void {
  const { fields } = head
  writeStatus(isTunnel ? 200 : head.status, out)
  for (let f = 0; f < fields.count; f++) {
    if (keeps(head, f, isTunnel)) writeField(fields, f, out)
  }
  if (date !== undefined && head.date < 0) writeDate(date, out)
  if (added !== undefined) writeLines(added, out)
  if (head.contentLength >= 0 && !head.chunked && head.status >= 200 && head.status !== 204) {
    writeInteger(LITERAL, 4, CONTENT_LENGTH_NAME, out)
    let digits = 1
    for (let rest = head.contentLength; rest >= 10; rest = Math.floor(rest / 10)) digits++
    out.byte(digits)
    out.decimal(head.contentLength)
  }
}

/** @returns whether there is any. */
export function writeTrailerBlock(fields: Fields, out: Out): boolean {
  const before = out.length
  for (let f = 0; f < fields.count; f++) {
    if (isForwardedTrailer(fields, f)) writeField(fields, f, out)
  }
  return out.length > before
}

function keeps(head: ResponseHead, f: number, isTunnel: boolean): boolean {
  const { fields, nominated } = head
  switch (fields.kinds[f]!) {
    case CONNECTION:
    case CONTENT_LENGTH:
    case DROPPED:
    case KEEP_ALIVE:
    case LOAD_REPORT:
    case TRANSFER_ENCODING:
    case UPGRADE:
      return false
    case WEBSOCKET_ACCEPT:
      return !isTunnel
    default:
      return nominated.length === 0 || !nominated.includes(fields.name(f))
  }
}

function writeStatus(status: number, out: Out): void {
  const entry = statusEntries.get(status)
  if (entry !== undefined) return out.byte(INDEXED | entry)
  writeInteger(LITERAL, 4, STATUS, out)
  out.byte(3)
  out.digits(status, 3)
}

function writeField(fields: Fields, f: number, out: Out): void {
  const { bytes } = fields
  const nameFrom = fields.nameFrom(f)
  const nameTo = fields.nameTo(f)
  const index = staticIndex(bytes, nameFrom, nameTo)
  writeInteger(LITERAL, 4, index, out)
  if (index === 0) {
    writeInteger(0, 7, nameTo - nameFrom, out)
    out.lower(bytes, nameFrom, nameTo)
  }
  const valueFrom = fields.valueFrom(f)
  const valueTo = fields.valueTo(f)
  writeInteger(0, 7, valueTo - valueFrom, out)
  out.copy(bytes, valueFrom, valueTo)
}

function writeLines(lines: Buffer, out: Out): void {
  const fields = new Fields()
  fields.parse(Buffer.concat([lines, lineEnd]), 0, lines.length + lineEnd.length, true)
  for (let f = 0; f < fields.count; f++) writeField(fields, f, out)
}

const lineEnd = Buffer.from('\r\n')
const DATE_NAME = 33
const dateNameLength = 'Date: '.length

/** @param line `Date: ...` with its line end. */
function writeDate(line: Buffer, out: Out): void {
  writeInteger(LITERAL, 4, DATE_NAME, out)
  const to = line.length - 2
  writeInteger(0, 7, to - dateNameLength, out)
  out.copy(line, dateNameLength, to)
}

/** The number of a name in the static table, 0 when it is not there. */
export function staticIndex(bytes: Buffer, from: number, to: number): number {
  const known = namesAt[placeOf(to - from, bytes[from]!, bytes[to - 1]!)]
  if (known === undefined) return 0
  for (let i = 0; i < known.length; i++) {
    const { bytes: name, index } = known[i]!
    if (name.length !== to - from) continue
    let at = 0
    while (at < name.length && lowered(bytes[from + at]!) === name[at]) at++
    if (at === name.length) return index
  }
  return 0
}

const lowered = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)

/** An integer behind the first bits of a byte [RFC 7541 5.1]. @param high those bits. @param bits of the rest. */
export function writeInteger(high: number, bits: number, value: number, out: Out): void {
  const mask = (1 << bits) - 1
  if (value < mask) return out.byte(high | value)
  out.byte(high | mask)
  let rest = value - mask
  for (; rest >= 128; rest >>>= 7) out.byte((rest & 127) | 128)
  out.byte(rest)
}
