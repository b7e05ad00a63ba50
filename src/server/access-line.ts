// Writes one line of the access log as bytes. It is done for each request, and concatenated strings or JSON.stringify
// cost several times as much.

import type { AccessEntry } from '../proxy/index.ts'
import type { Out } from '../wire/http/out.ts'

const time = Buffer.from('{"time":"')
const client = Buffer.from('Z","client":"')
const remote = Buffer.from('","remote":"')
const method = Buffer.from('","method":"')
const target = Buffer.from('","target":"')
const host = Buffer.from('","host":"')
const protocol = Buffer.from('","protocol":"')
const userAgent = Buffer.from('","userAgent":"')
const status = Buffer.from('","status":')
const code = Buffer.from(',"code":"')
const route = Buffer.from('","route":"')
const attempts = Buffer.from('","attempts":')
const duration = Buffer.from(',"durationMs":')
const bytes = Buffer.from(',"bytes":')
const bytesIn = Buffer.from(',"bytesIn":')
const end = Buffer.from('}\n')

/** JSON and a line feed, in ASCII. Method, addresses and code need no escaping. */
export function writeAccessLine(entry: AccessEntry, out: Out): void {
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
  out.raw(userAgent)
  escaped(entry.userAgent, out)
  out.raw(status)
  out.decimal(entry.status)
  out.raw(code)
  out.latin1(entry.code)
  out.raw(route)
  escaped(entry.route, out)
  out.raw(attempts)
  out.decimal(entry.attempts)
  out.raw(duration)
  milliseconds(entry.durationMs, out)
  out.raw(bytes)
  out.decimal(entry.bytes)
  out.raw(bytesIn)
  out.decimal(entry.bytesIn)
  out.raw(end)
}

/** `2026-11-29T00:58:57.` of the second that was written last. */
let second = Number.NaN
let secondText: Buffer = Buffer.alloc(0)

/** As in the log of the program, without the `Z`. @param ms since 1970. */
function isoTime(ms: number, out: Out): void {
  const now = Math.floor(ms / 1_000)
  if (now !== second) {
    second = now
    secondText = Buffer.from(new Date(now * 1_000).toISOString().slice(0, -4))
  }
  out.raw(secondText)
  out.digits(ms - now * 1_000, 3)
}

/** With three decimals. */
function milliseconds(value: number, out: Out): void {
  const micros = Math.max(0, Math.round(value * 1_000))
  const whole = Math.floor(micros / 1_000)
  out.decimal(whole)
  out.latin1('.')
  out.digits(micros - whole * 1_000, 3)
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
