// Writes lines of the access log in text formats: `common`, `combined` and templates. The template is read once, into one
// writer for each part.

import { type LogVariable, parseTemplate, type TemplatePart } from '../../config/log-template.ts'
import type { AccessEntry } from '../../proxy/index.ts'
import type { Out } from '../../wire/http/out.ts'
import { isoTime, type LineWriter, milliseconds } from './log-parts.ts'

type PartWriter = (entry: AccessEntry, out: Out) => void

/** @param format a valid one. @param fields the names of `AccessEntry.fields`. */
export function templateLine(format: string, fields: readonly string[]): LineWriter {
  const parsed = parseTemplate(format)
  if (!parsed.ok) throw new RangeError(`the format of the access log ${parsed.problem}`)
  const writers = parsed.parts.map((part) => writerOf(part, fields))
  return (entry, out) => {
    for (const write of writers) write(entry, out)
    out.byte(LINE_FEED)
  }
}

function writerOf(part: TemplatePart, fields: readonly string[]): PartWriter {
  if ('text' in part) {
    const bytes = Buffer.from(part.text, 'latin1')
    return (_, out) => out.raw(bytes)
  }
  if ('variable' in part) return variables[part.variable]
  const index = fields.indexOf(part.header)
  return (entry, out) => escaped(entry.fields[index] ?? '', out)
}

const text =
  (read: (entry: AccessEntry) => string): PartWriter =>
  (entry, out) =>
    escaped(read(entry), out)

const time =
  (read: (entry: AccessEntry) => number | null): PartWriter =>
  (entry, out) => {
    const ms = read(entry)
    if (ms === null) out.byte(DASH)
    else milliseconds(ms, out)
  }

const variables: Readonly<Record<LogVariable, PartWriter>> = {
  time: (entry, out) => {
    isoTime(Math.max(0, Math.floor(entry.time)), out)
    out.byte(0x5a)
  },
  'time.clf': (entry, out) => out.latin1(clfTime(entry.time)),
  client: text((entry) => entry.client),
  remote: text((entry) => entry.remote),
  method: text((entry) => entry.method),
  target: text((entry) => entry.target),
  path: text(({ target }) => target.slice(0, queryAt(target))),
  query: text(({ target }) => target.slice(queryAt(target) + 1)),
  host: text((entry) => entry.host),
  protocol: text((entry) => entry.protocol),
  tls: text((entry) => entry.tls),
  userAgent: text((entry) => entry.userAgent),
  status: (entry, out) => out.decimal(entry.status),
  code: text((entry) => entry.code),
  balancer: text((entry) => entry.balancer),
  context: text((entry) => entry.context),
  rule: text((entry) => entry.rule),
  route: text((entry) => entry.route),
  attempts: (entry, out) => out.decimal(entry.attempts),
  waitMs: time((entry) => entry.waitMs),
  firstByteMs: time((entry) => entry.firstByteMs),
  durationMs: time((entry) => entry.durationMs),
  bytes: (entry, out) => out.decimal(entry.bytes),
  bytesIn: (entry, out) => out.decimal(entry.bytesIn),
  requestId: text((entry) => entry.requestId),
  traceId: text((entry) => entry.traceId),
}

const LINE_FEED = 0x0a
const DASH = 0x2d
const QUOTE = 0x22
const BACKSLASH = 0x5c

const queryAt = (target: string): number => {
  const at = target.indexOf('?')
  return at < 0 ? target.length : at
}

let second = Number.NaN
let secondText = ''

/** `29/Nov/2026:00:58:57 +0000`. */
function clfTime(ms: number): string {
  const now = Math.floor(ms / 1_000)
  if (now !== second) {
    second = now
    const [, day, month, year, clock] = new Date(now * 1_000).toUTCString().split(' ')
    secondText = `${day}/${month}/${year}:${clock} +0000`
  }
  return secondText
}

const isPlain = (code: number): boolean =>
  code >= 0x20 && code < 0x7f && code !== QUOTE && code !== BACKSLASH

/** As httpd and nginx: `\xHH` for other characters than printable ASCII, and for `"` and `\`; `-` for nothing. */
function escaped(value: string, out: Out): void {
  if (value === '') return out.byte(DASH)
  for (let i = 0; i < value.length; i++) {
    if (!isPlain(value.charCodeAt(i))) return out.latin1(withEscapes(value))
  }
  out.latin1(value)
}

const withEscapes = (value: string): string =>
  Buffer.from(value)
    .toString('latin1')
    .replace(
      /[^ !#-[\]-~]/g,
      (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
    )
