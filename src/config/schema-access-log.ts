// The access log in the configuration: `accessLog`. Used by schema.ts.

import { z } from 'zod'
import { logFormatLimits } from '../base/limits.ts'
import { fieldsOf, headerName, parseTemplate } from './log-template.ts'
import { choice, duration, file, list, ratio, section, show, value } from './schema-forms.ts'

/** As the configuration has it, and as every process that serves traffic gets it. */
export interface AccessLogConfig {
  /** A file, `stdout` or `off`. */
  readonly to: string
  /** `json`, `common`, `combined` or a template. */
  readonly format: string
  /** Fields of requests that lines of JSON have, too, in lower case. */
  readonly fields: readonly string[]
  /** Statuses, classes such as `5xx`, and `0`. */
  readonly status: readonly string[]
  /** ms; 0: not by time. */
  readonly slowerThan: number
  /** 0..1. Absent: 1 without `status` and `slowerThan`, else 0. */
  readonly sample?: number | undefined
  /** `query`, `query.NAME`, and names of fields in lower case. */
  readonly redact: readonly string[]
  readonly client: 'full' | 'network' | 'off'
}

const format: z.ZodType<string, unknown> = z
  .string({
    error: ({ input }) => `${show(input)} is not json, common, combined or a template`,
  })
  .superRefine((text, context) => {
    if (text === 'json') return
    const parsed = parseTemplate(text)
    if (parsed.ok) return
    context.addIssue({ code: 'custom', message: `${show(text)} ${parsed.problem}` })
  })
  .meta({
    form: 'json, common, combined or a template',
    description:
      'The form of a line: JSON, the formats `common` and `combined` of Apache httpd, or text with variables such as `${client} ${status} ${durationMs}`. See [access-log.md](access-log.md#formats).',
  })

const field: z.ZodType<string, string | number> = value(
  'the name of a header field',
  (text) => (headerName.test(String(text)) ? String(text).toLowerCase() : undefined),
  { form: 'name', description: '' },
)

const statusForm = /^(?:0|[1-5]xx|[1-5][0-9][0-9])$/

const status: z.ZodType<string, string | number> = value(
  'a status; write for example 5xx, 404, or 0 for clients that were gone before there was a response',
  (text) => (statusForm.test(String(text)) ? String(text) : undefined),
  { form: 'status', description: '' },
)

const redacted: z.ZodType<string, string | number> = value(
  'query, query.NAME or the name of a header field',
  (text) => {
    const name = String(text)
    if (name.startsWith('query.')) return name.length <= 128 ? name : undefined
    return headerName.test(name) ? name.toLowerCase() : undefined
  },
  { form: 'name', description: '' },
)

const accessLogKeys: z.ZodType<AccessLogConfig, unknown> = section({
  to: file(
    'Destination of the access log: one line for every request, refused ones included ([access-log.md](access-log.md)). `accessLog: FILE` and `TOPSPIN_ACCESS_LOG` are short forms.',
  ).prefault('off'),
  format: format.prefault('json'),
  fields: list(field, '', {
    form: 'name, or a list',
    description: `Header fields of the request that lines of JSON contain, too, as \`fields\`; ${logFormatLimits.fieldsMax} at most. A template has them as \`\${header.NAME}\`.`,
  }),
  status: list(status, '', {
    form: 'status, or a list',
    description:
      'Requests with these statuses have a line: `5xx`, `404`, or `0` for clients that were gone before there was a response.',
  }),
  slowerThan: duration(
    0,
    'Requests that took at least this long have a line. 0: not by time.',
  ).prefault('0s'),
  sample: ratio(
    'The share of requests that have a line although neither `accessLog.status` nor `accessLog.slowerThan` asks for one. Default: 1, or 0 when one of these is set.',
  ).optional(),
  redact: list(redacted, 'authorization, proxy-authorization, cookie', {
    form: 'name, or a list',
    description:
      'What is written as `REDACTED`: header fields by name; `query`: the values of all query parameters, in the target and in Referer; `query.NAME`: those of one. Also holds for the requests that operators follow.',
  }),
  client: choice(
    ['full', 'network', 'off'],
    'The address of the client, and of its connection: whole, only its network (/24 of IPv4, /48 of IPv6), or not at all. Also holds for the requests that operators follow.',
  ).prefault('full'),
})

export const accessLog: z.ZodType<AccessLogConfig, unknown> = accessLogKeys

/** The path below `accessLog`, and what is wrong with the keys together. */
export function problemsOfAccessLog({
  format: given,
  fields,
}: AccessLogConfig): readonly { readonly path: readonly string[]; readonly message: string }[] {
  if (fields.length > 0 && given !== 'json')
    return [{ path: ['fields'], message: 'needs format: json; a template has ${header.NAME}' }]
  if (fieldsOf(given, fields).length <= logFormatLimits.fieldsMax) return []
  const path = given === 'json' ? ['fields'] : ['format']
  return [{ path, message: `names more than ${logFormatLimits.fieldsMax} header fields` }]
}
