// The format of the access log as text: the names of formats, and templates with variables such as `${status}`. Pure; used by
// schema-access-log.ts, and by server/ to write lines.

import { logFormatLimits } from '../base/limits.ts'
import { suggest } from '../base/suggest.ts'

/** The variables of a template, beside `header.NAME`: a field of the request. */
export const logVariables = [
  'time',
  'time.clf',
  'client',
  'remote',
  'method',
  'target',
  'path',
  'query',
  'host',
  'protocol',
  'tls',
  'userAgent',
  'status',
  'code',
  'balancer',
  'context',
  'rule',
  'route',
  'attempts',
  'waitMs',
  'firstByteMs',
  'durationMs',
  'bytes',
  'bytesIn',
  'requestId',
  'traceId',
] as const

export type LogVariable = (typeof logVariables)[number]

/** Text as it is, a variable, or a field of the request by its name in lower case. */
export type TemplatePart =
  | { readonly text: string }
  | { readonly variable: LogVariable }
  | { readonly header: string }

/** The formats of Apache httpd. A proxy knows no log-in: `-`. */
const common = '${client} - - [${time.clf}] "${method} ${target} ${protocol}" ${status} ${bytes}'
const named: ReadonlyMap<string, string> = new Map([
  ['common', common],
  ['combined', `${common} ${'"${header.referer}" "${userAgent}"'}`],
])

export const headerName: RegExp = /^[A-Za-z0-9!#$%&'*+.^_|~-]{1,64}$/

type ParsedTemplate =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly problem: string }

/** @param format `common`, `combined` or a template. */
export function parseTemplate(format: string): ParsedTemplate {
  const text = named.get(format) ?? format
  const refuse = (problem: string): ParsedTemplate => ({ ok: false, problem })
  if (text.length > logFormatLimits.templateMax)
    return refuse(`is longer than ${logFormatLimits.templateMax} characters`)
  if (/[^ -~\t]/.test(text)) return refuse('has other characters than printable ASCII')
  const pieces = text.split(/(\$\{[^{}]*\})/)
  const parts: TemplatePart[] = []
  for (const piece of pieces) {
    if (piece === '') continue
    const name = /^\$\{(.*)\}$/.exec(piece)?.[1]
    const part = name === undefined ? { text: piece } : partOf(name)
    if (part === undefined) return refuse(unknownVariable(name ?? ''))
    parts.push(part)
  }
  if (!parts.some((part) => !('text' in part)))
    return refuse(`is neither json, common nor combined, and has no variable such as \${status}`)
  if (parts.length > logFormatLimits.partsMax)
    return refuse(`has more than ${logFormatLimits.partsMax} parts`)
  return { ok: true, parts }
}

function partOf(name: string): TemplatePart | undefined {
  const variable = logVariables.find((known) => known === name)
  if (variable !== undefined) return { variable }
  const header = name.startsWith('header.') ? name.slice('header.'.length) : ''
  return headerName.test(header) ? { header: header.toLowerCase() } : undefined
}

function unknownVariable(name: string): string {
  const near = suggest(name, logVariables)
  const advice =
    near === undefined
      ? `the variables are ${logVariables.join(', ')} and header.NAME`
      : `did you mean \${${near}}?`
  return `has the unknown variable \${${name}}: ${advice}`
}

/** The fields of requests that lines contain, in lower case, each once. */
export function fieldsOf(format: string, more: readonly string[]): readonly string[] {
  const parsed = format === 'json' ? undefined : parseTemplate(format)
  const parts = parsed?.ok === true ? parsed.parts : []
  const own = parts.flatMap((part) => ('header' in part ? [part.header] : []))
  return [...new Set([...own, ...(format === 'json' ? more : [])])]
}
