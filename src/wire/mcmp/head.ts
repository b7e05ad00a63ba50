// Parser for request heads on the control listener: request line, fields, framing and connection (mcmp.md 1.1, decisions 3 to
// 6). Called by the frame reader. A string parser on purpose, beside the byte-offset parser of the traffic
// (wire/http/request-head.ts): messages are few and small, and callers need all fields as text.

import { readFieldLine } from './field-line.ts'

export interface MessageHead {
  readonly method: string
  readonly target: string
  readonly version: 'HTTP/1.0' | 'HTTP/1.1'
  /** The authority of an absolute target, otherwise the value of Host; '' without both. */
  readonly host: string
  /** Trimmed values of all lines, by name in lower case. */
  readonly fields: ReadonlyMap<string, readonly string[]>
  /** Length of the body in bytes, 0 when there is none; or `chunked`. */
  readonly framing: number | 'chunked'
  readonly keepAlive: boolean
  readonly expectsContinue: boolean
}

interface HeadProblem {
  readonly status: 400 | 431 | 505
  readonly method: string
  readonly problem: string
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\u0021-\u007e]+) HTTP\/(\d)\.(\d)$/

/** @param bytes all lines of the head with their CRLF, without the empty one. @param fieldsMax most field lines. */
export function parseHead(bytes: Uint8Array, fieldsMax: number): MessageHead | HeadProblem {
  const [first = '', ...lines] = Buffer.from(bytes).toString('latin1').slice(0, -2).split('\r\n')
  const match = requestLine.exec(first)
  if (match === null) return { status: 400, method: '', problem: 'bad request line' }
  const [, method = '', target = '', major, minor] = match
  if (major !== '1') return { status: 505, method, problem: 'HTTP version not supported' }
  const version = minor === '0' ? 'HTTP/1.0' : 'HTTP/1.1'
  if (lines.length > fieldsMax) return { status: 431, method, problem: 'too many fields' }
  const fields = new Map<string, string[]>()
  for (const line of lines) {
    const field = readFieldLine(line)
    if (field === undefined) return { status: 400, method, problem: 'bad field line' }
    const [name, value] = field
    const values = fields.get(name)
    if (values === undefined) fields.set(name, [value])
    else values.push(value)
  }
  if ((fields.get('host')?.length ?? 0) > 1)
    return { status: 400, method, problem: 'more than one Host' }
  const host = hostOf(target, fields.get('host')?.[0])
  if (host === undefined) return { status: 400, method, problem: 'bad Host' }
  const framing = framingOf(fields, version)
  if (framing === undefined) return { status: 400, method, problem: 'bad framing of the body' }
  const expectsContinue = version === 'HTTP/1.1' && items(fields, 'expect').includes('100-continue')
  return {
    method,
    target,
    version,
    host,
    fields,
    framing,
    keepAlive: staysOpen(fields, version),
    expectsContinue,
  }
}

/**
 * `undefined` for a Host that is none, with user information for example, and for one that is not that of an absolute
 * target: two readers would see two hosts [RFC 9112 3.2.2].
 */
function hostOf(target: string, field: string | undefined): string | undefined {
  if (field !== undefined && !hostForm.test(field)) return undefined
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(target)?.[1]
  if (absolute === undefined) return field ?? ''
  if (absolute === '' || !hostForm.test(absolute)) return undefined
  const isSame = field === undefined || field.toLowerCase() === absolute.toLowerCase()
  return isSame ? absolute : undefined
}

/** The characters of a host with its port. Also an IPv6 address with a zone or without brackets, which some nodes send. */
const hostForm = /^[A-Za-z0-9!$%&'()*+.:;=[\]_~-]*$/

function framingOf(
  fields: ReadonlyMap<string, readonly string[]>,
  version: string,
): number | 'chunked' | undefined {
  const lengths = fields.get('content-length')
  const encodings = fields.get('transfer-encoding')
  if (encodings !== undefined) {
    const chunked = encodings.length === 1 && encodings[0]!.toLowerCase() === 'chunked'
    return chunked && lengths === undefined && version === 'HTTP/1.1' ? 'chunked' : undefined
  }
  if (lengths === undefined) return 0
  const [length = ''] = lengths
  if (!/^\d{1,15}$/.test(length) || lengths.some((other) => other !== length)) return undefined
  return Number(length)
}

function staysOpen(fields: ReadonlyMap<string, readonly string[]>, version: string): boolean {
  const options = items(fields, 'connection')
  if (options.includes('close')) return false
  return version === 'HTTP/1.1' || options.includes('keep-alive')
}

const items = (fields: ReadonlyMap<string, readonly string[]>, name: string): string[] =>
  (fields.get(name) ?? [])
    .flatMap((value) => value.split(','))
    .map((item) => item.trim().toLowerCase())
