// Tracing in the configuration: `tracing`. Used by schema.ts.

import { z } from 'zod'
import { choice, list, ratio, section, show, text } from './schema-forms.ts'

/** As the configuration has it, and as every process that serves traffic gets it. */
export interface TracingConfig {
  /** Where traces are sent; absent: requests are not traced. */
  readonly endpoint?: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** 0..1. */
  readonly sample: number
  readonly continue: 'all' | 'trusted'
  readonly service: string
}

const tracesPath = '/v1/traces'

const endpoint: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a URL` })
  .transform((given, context) => {
    const url = URL.canParse(given) ? new URL(given) : undefined
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.hash === '') {
      if (url.pathname === '/') url.pathname = tracesPath
      return url.href
    }
    context.addIssue({
      code: 'custom',
      message: `${show(given)} is not a URL; write for example http://127.0.0.1:4318`,
    })
    return z.NEVER
  })

const header: z.ZodType<readonly [string, string], unknown> = z
  .string({ error: () => 'not text; write NAME=VALUE' })
  .transform((given, context) => {
    const [, name = '', value = ''] =
      /^([A-Za-z0-9_-]{1,64})=([\x20-\x7e]{0,4096})$/.exec(given) ?? []
    if (name !== '') return [name.toLowerCase(), value] as const
    // The value may be a secret.
    context.addIssue({ code: 'custom', message: 'is not NAME=VALUE in printable ASCII' })
    return z.NEVER
  })

export const tracing: z.ZodType<TracingConfig, unknown> = section({
  endpoint: endpoint.optional().meta({
    form: 'URL',
    description: `Requests are traced, and the spans sent there by OTLP over HTTP in JSON; without a path to \`${tracesPath}\`. Collectors of OpenTelemetry, Jaeger, Tempo and others listen on port 4318. Default: none; \`traceparent\` is forwarded as any other field. See [tracing.md](tracing.md).`,
  }),
  headers: list(header, '', {
    form: 'NAME=VALUE, or a list',
    description:
      'Header fields of these messages, such as `authorization=Bearer ...`; values are secrets.',
  }),
  sample: ratio(
    'The share of the traces that begin here which is recorded, from 0 to 1. Where a request continues a trace, its caller has decided.',
  ).prefault(1),
  continue: choice(
    ['all', 'trusted'],
    'Whose traces are continued (`traceparent`): those of all clients, or only of proxies that `trust.from` lists; others begin anew.',
  ).prefault('all'),
  service: text(/^[\x21-\x7e]{1,64}$/, 'a name of at most 64 ASCII characters')
    .prefault('topspin')
    .meta({ form: 'name', description: 'The name of this proxy in traces (`service.name`).' }),
})
