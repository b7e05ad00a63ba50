// The keys that lead clients to HTTPS: `httpsRedirect` and `hsts`. Used by schema.ts, and by schema-listen.ts for one address.

import { z } from 'zod'
import type { HstsSettings } from '../proxy/forms.ts'
import { count, show, yesNo } from './schema-forms.ts'

export interface RedirectEntry {
  readonly status: 301 | 308
  /** Absent: of the first address of `listen` with https://. */
  readonly port?: number | undefined
}

const status: z.ZodType<301 | 308, unknown> = z
  .preprocess(
    (input) => (typeof input === 'string' && /^\d+$/.test(input) ? Number(input) : input),
    z.literal([301, 308], { error: (issue) => `${show(issue.input)} is neither 308 nor 301` }),
  )
  .prefault(308)

const words: ReadonlyMap<unknown, unknown> = new Map<unknown, unknown>([
  ['on', {}],
  [true, {}],
  ['true', {}],
  ['off', null],
  [false, null],
  ['false', null],
])

const redirectKeys = { status, port: count(1, 65_535, '').optional() }
const redirectForm = 'on, off, 308, 301, or a map of status and port'

/** `null`: requests are served without TLS. */
export const httpsRedirect: z.ZodType<RedirectEntry | null, unknown> = z
  .preprocess((input) => {
    const word = words.get(input)
    if (word !== undefined) return word
    return typeof input === 'object' ? input : { status: input }
  }, z.strictObject(redirectKeys).nullable())
  .meta({
    keys: Object.keys(redirectKeys),
    form: redirectForm,
    description:
      'Requests without TLS are answered with a redirect to `https://`, to the same host and path: with 308 (`on`), or with 301. The port is that of the first address of `listen` with `https://`, unless a map has `port`: where clients reach it from outside. Challenges of ACME are answered before; requests of a trusted proxy that has ended TLS itself are served. An address of `listen` may have its own `httpsRedirect`. See [tls.md](tls.md#from-http-to-https).',
  })

const yearSeconds = 31_536_000
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, y: yearSeconds }

const age: z.ZodType<number, unknown> = z
  .unknown()
  .transform((input, context) => {
    const [, digits, unit = 's'] = /^(\d{1,10})\s*([smhdy])?$/.exec(String(input).trim()) ?? []
    const seconds = Number(digits) * (units[unit] ?? 1)
    if (digits !== undefined && seconds <= maxAgeMax) return seconds
    const form = 'an age; write for example 365d, 1y or a number of seconds'
    context.addIssue({ code: 'custom', message: `${show(input)} is not ${form}` })
    return z.NEVER
  })
  .prefault('1y')

/** As long as browsers keep it at most. */
const maxAgeMax = 100 * yearSeconds

const hstsKeys = {
  maxAge: age,
  includeSubDomains: yesNo('').prefault(false),
  preload: yesNo('').prefault(false),
}

/** `null`: none. */
export const hsts: z.ZodType<HstsSettings | null, unknown> = z
  .preprocess(
    (input) => {
      const word = words.get(input)
      if (word !== undefined) return word
      return typeof input === 'object' ? input : { maxAge: input }
    },
    z
      .strictObject(hstsKeys)
      .superRefine(({ maxAge, includeSubDomains, preload }, context) => {
        if (!preload || (includeSubDomains && maxAge >= yearSeconds)) return
        const message = 'needs `includeSubDomains: true` and a `maxAge` of 1y at least'
        context.addIssue({ code: 'custom', path: ['preload'], message })
      })
      .nullable(),
  )
  .meta({
    keys: Object.keys(hstsKeys),
    form: 'on, off, an age, or a map of maxAge, includeSubDomains and preload',
    description:
      'Responses over TLS have `Strict-Transport-Security`, by which browsers ask this host over HTTPS alone for so long: `on` is a year. A map may have `includeSubDomains` and `preload` (true or false). A field that an application sends itself stays. Browsers remember it: begin with a short age, and set 0 to take it back. See [tls.md](tls.md#from-http-to-https).',
  })

interface Redirected {
  readonly listen: readonly {
    readonly tls?: boolean | undefined
    readonly httpsRedirect?: RedirectEntry | null | undefined
  }[]
  readonly httpsRedirect: RedirectEntry | null
}

/** Redirects that lead nowhere, or that no request could get. */
export function problemsOfRedirects({ listen, httpsRedirect: general }: Redirected): readonly {
  readonly path: readonly (string | number)[]
  readonly message: string
}[] {
  const hasSecure = listen.some(({ tls }) => tls === true)
  const nowhere = 'leads nowhere: no address in `listen` begins with https://; add one, or `port`'
  const problems = listen.flatMap(({ tls, httpsRedirect: entry }, index) => {
    const path = ['listen', index, 'httpsRedirect']
    if (entry === undefined || entry === null) return []
    if (tls === true) return [{ path, message: 'is for an address without https://' }]
    return hasSecure || entry.port !== undefined ? [] : [{ path, message: nowhere }]
  })
  if (general === null || general.port !== undefined || hasSecure) return problems
  return [...problems, { path: ['httpsRedirect'], message: nowhere }]
}
