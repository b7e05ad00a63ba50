// Writes one line of the access log as bytes. It is done for each request, and concatenated strings or JSON.stringify
// cost several times as much.

import type { AccessEntry } from '../../proxy/index.ts'
import type { Out } from '../../wire/http/out.ts'
import { isoTime, type LineWriter, milliseconds } from './log-parts.ts'

const time = Buffer.from('{"time":"')
const client = Buffer.from('Z","client":"')
const remote = Buffer.from('","remote":"')
const method = Buffer.from('","method":"')
const target = Buffer.from('","target":"')
const host = Buffer.from('","host":"')
const protocol = Buffer.from('","protocol":"')
const tls = Buffer.from('","tls":"')
const userAgent = Buffer.from('","userAgent":"')
const status = Buffer.from('","status":')
const code = Buffer.from(',"code":"')
const balancer = Buffer.from('","balancer":"')
const context = Buffer.from('","context":"')
const rule = Buffer.from('","rule":"')
const route = Buffer.from('","route":"')
const attempts = Buffer.from('","attempts":')
const wait = Buffer.from(',"waitMs":')
const firstByte = Buffer.from(',"firstByteMs":')
const duration = Buffer.from(',"durationMs":')
const bytes = Buffer.from(',"bytes":')
const bytesIn = Buffer.from(',"bytesIn":')
const requestId = Buffer.from(',"requestId":"')
const traceId = Buffer.from('","traceId":"')
const endOfText = Buffer.from('"')
const endOfFields = Buffer.from('}')
const end = Buffer.from('}\n')
const nothing = Buffer.from('null')

/** @param names of `AccessEntry.fields`. */
export function jsonLine(names: readonly string[]): LineWriter {
  const [first, ...others] = names
  if (first === undefined)
    return (entry, out) => {
      writeEntry(entry, out)
      out.raw(end)
    }
  const keys = [
    `,"fields":{${JSON.stringify(first)}:"`,
    ...others.map((name) => `,${JSON.stringify(name)}:"`),
  ]
  const labels = keys.map((key) => Buffer.from(key))
  return (entry, out) => {
    writeEntry(entry, out)
    for (const [index, label] of labels.entries()) {
      out.raw(label)
      escaped(entry.fields[index] ?? '', out)
      out.raw(endOfText)
    }
    out.raw(endOfFields)
    out.raw(end)
  }
}

/** In ASCII, without the end. Method, addresses and code need no escaping. */
function writeEntry(entry: AccessEntry, out: Out): void {
  out.raw(time)
  isoTime(Math.max(0, Math.floor(entry.time)), out)
  out.raw(client)
  out.latin1(entry.client)
  out.raw(remote)
  out.latin1(entry.remote)
  out.raw(method)
  out.latin1(entry.method)
  out.raw(target)
  escaped(entry.target, out)
  out.raw(host)
  escaped(entry.host, out)
  out.raw(protocol)
  out.latin1(entry.protocol)
  out.raw(tls)
  out.latin1(entry.tls)
  out.raw(userAgent)
  escaped(entry.userAgent, out)
  out.raw(status)
  out.decimal(entry.status)
  out.raw(code)
  out.latin1(entry.code)
  out.raw(balancer)
  escaped(entry.balancer, out)
  out.raw(context)
  escaped(entry.context, out)
  out.raw(rule)
  escaped(entry.rule, out)
  out.raw(route)
  escaped(entry.route, out)
  out.raw(attempts)
  out.decimal(entry.attempts)
  out.raw(wait)
  optional(entry.waitMs, out)
  out.raw(firstByte)
  optional(entry.firstByteMs, out)
  out.raw(duration)
  milliseconds(entry.durationMs, out)
  out.raw(bytes)
  out.decimal(entry.bytes)
  out.raw(bytesIn)
  out.decimal(entry.bytesIn)
  out.raw(requestId)
  out.latin1(entry.requestId)
  out.raw(traceId)
  out.latin1(entry.traceId)
  out.raw(endOfText)
}

function optional(ms: number | null, out: Out): void {
  if (ms === null) out.raw(nothing)
  else milliseconds(ms, out)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

const isPlain = (code: number): boolean =>
  code >= 0x20 && code < 0x7f && code !== QUOTE && code !== BACKSLASH

function escaped(text: string, out: Out): void {
  for (let i = 0; i < text.length; i++) {
    if (!isPlain(text.charCodeAt(i))) return out.latin1(withEscapes(text))
  }
  out.latin1(text)
}

const withEscapes = (text: string): string =>
  text.replace(/[^ !#-[\]-~]/g, (character) => {
    const digits = character.charCodeAt(0).toString(16)
    return `\\u${digits.padStart(4, '0')}`
  })
