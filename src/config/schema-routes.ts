// The rules of `routes` in the configuration: what a request must meet, and what then happens to it. Used by schema.ts.

import { z } from 'zod'
import { ruleLimits } from '../base/limits.ts'
import { suggest } from '../base/suggest.ts'
import { aliasKey, isMatchable, pathKey } from '../cluster/context.ts'
import { isWithin } from '../cluster/path-map.ts'
import type {
  AnswerSettings,
  FieldEditSettings,
  MatchSettings,
  RedirectSettings,
  RuleSettings,
} from '../proxy/forms.ts'
import {
  compressedTypes,
  pageEnds,
  requestVariables,
  responseVariables,
  variablesIn,
} from '../proxy/forms.ts'
import { defaultBalancer } from './fixed-nodes.ts'
import {
  count,
  duration,
  fileName,
  listInText,
  network,
  show,
  text,
  value,
  yesNo,
} from './schema-forms.ts'

/** One rule. */
export interface RouteEntry extends Omit<RuleSettings, 'auth' | 'errors'> {
  readonly errors: readonly ErrorEntry[]
  readonly auth?: AuthEntry | undefined
  /** Nodes of the balancer register; it need not be that of an entry of `to`. */
  readonly registers: boolean
}

interface ErrorEntry {
  /** 404, or 5 for all from 500 to 599. */
  readonly status: number
  readonly file: string
}

interface AuthEntry {
  readonly realm: string
  /** A file of htpasswd. */
  readonly file: string
}

/** A list, or one value, or several in one text with commas. */
const some = <Item>(item: z.ZodType<Item, unknown>): z.ZodType<readonly Item[], unknown> =>
  z
    .preprocess(
      (input) => {
        if (typeof input === 'string') return input.split(',').map((part) => part.trim())
        return typeof input === 'number' ? [input] : input
      },
      z
        .array(item, { error: (issue) => `${show(issue.input)} is not a list` })
        .min(1, { error: 'an empty list' })
        .max(ruleLimits.valuesMax, { error: `more than ${ruleLimits.valuesMax} values` }),
    )
    .default([])

/** Keys with values of an optional list. */
const group = <T extends Record<string, z.ZodType>>(
  keys: T,
  what: string,
): z.ZodType<z.output<z.ZodObject<T>>, unknown> =>
  z.strictObject(keys, {
    error: (issue) =>
      issue.code === 'invalid_type' ? `${show(issue.input)} is not ${what}` : undefined,
  })

const host = text(
  /^[A-Za-z0-9._*[\]:-]{1,255}$/,
  'a host name; write for example shop.test, or *.shop.test for all names below it',
)
  .refine(isMatchable, {
    error: 'no request names such a host; a * stands alone or in front, as *.shop.test',
  })
  .transform(aliasKey)

/** Characters that no client has to escape [RFC 3986 2.3, 3.3]. */
const plainPath = /^\/[A-Za-z0-9._~!$&'()+,=:@/-]{0,1023}$/

const path = text(
  plainPath,
  'a path without escapes; write for example /api, which is /api and all paths below it',
).refine((given) => !/\/\/|\/\.{1,2}(?:\/|$)/.test(given), {
  error: 'a path has neither empty segments nor dot segments',
})

const method = text(/^[A-Za-z-]{1,32}$/, 'a method; write for example GET')
  .transform((name) => name.toUpperCase())
  .refine((name) => name !== 'CONNECT' && name !== 'TRACE', {
    error: 'a method that the proxy refuses',
  })

const token = /^[!#$%&'*+.^_`|~A-Za-z0-9-]{1,128}$/

/** Visible characters, and spaces between them: one line. */
const lineForm = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]{0,4094}[\x21-\x7e])?)?$/

const conditions = (
  name: RegExp,
  what: string,
  change: (name: string) => string,
): z.ZodType<MatchSettings['headers'], unknown> =>
  z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.null()], {
        error: (issue) => `${show(issue.input)} is not a value`,
      }),
      { error: (issue) => `${show(issue.input)} is not a map of names and values` },
    )
    .superRefine((given, context) => {
      for (const [key, value] of Object.entries(given)) {
        const add = (message: string): void =>
          context.addIssue({ code: 'custom', path: [key], message })
        if (!name.test(key)) add(`not the name of ${what}`)
        if (key.toLowerCase() === 'host' && what === 'a header field') add('write match.host')
        if (String(value).split('*').length > 2) add('more than one *')
      }
    })
    .transform((given) =>
      Object.entries(given).map(([key, value]) => ({
        name: change(key),
        value: value === null || value === false ? null : value === true ? '*' : String(value),
      })),
    )
    .prefault({})

const scheme = z.enum(['http', 'https'], {
  error: (issue) => `${show(issue.input)} is neither http nor https`,
})

const matchKeys = {
  host: some(host),
  path: some(path),
  exact: yesNo('').prefault(false),
  scheme: scheme.optional(),
  method: some(method),
  header: conditions(token, 'a header field', (name) => name.toLowerCase()),
  query: conditions(/^[^&=#\s]{1,128}$/, 'a query parameter', (name) => name),
  client: some(network),
}

const match: z.ZodType<MatchSettings, unknown> = z
  .preprocess(
    (input) => (typeof input === 'string' || Array.isArray(input) ? { path: input } : input),
    group(matchKeys, 'a path or a map of what a request must meet')
      .refine(({ exact, path: paths }) => !exact || paths.length > 0, {
        path: ['exact'],
        error: 'needs `path`',
      })
      .transform(({ host, path, exact, scheme, method, header, query, client }) => ({
        hosts: host,
        paths: path,
        exact,
        scheme,
        // HEAD is GET without the body [RFC 9110 9.3.2].
        methods: method.includes('GET') ? [...method, 'HEAD'] : method,
        headers: header,
        query,
        clients: client,
      })),
  )
  .prefault({})

const balancer = text(/^[\x21-\x7e]{1,255}$/, 'the name of a balancer').transform((name) =>
  name.toLowerCase(),
)

const redirectStatus = z
  .preprocess(
    (input) => (typeof input === 'string' && /^\d+$/.test(input) ? Number(input) : input),
    z.literal([301, 302, 303, 307, 308], {
      error: (issue) => `${show(issue.input)} is none of 301, 302, 303, 307, 308`,
    }),
  )
  .prefault(308)

const redirectKeys = {
  https: yesNo('').prefault(false),
  host: text(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/,
    'a host; write for example shop.test or shop.test:8443',
  ).optional(),
  path: path.optional(),
  rest: yesNo('').prefault(true),
  status: redirectStatus,
}

const redirect: z.ZodType<RedirectSettings, unknown> = z.preprocess(
  (input) => (input === 'https' ? { https: true } : input),
  group(redirectKeys, 'https or a map of https, host, path, rest and status').refine(
    (to) => to.https || to.host !== undefined || to.path !== undefined,
    { error: 'leads back to where it is; write https, host or path' },
  ),
)

const written = 'the proxy writes it itself'

/** Fields by which messages are framed and connections change, and one that has a key of its own. */
const framedNames: ReadonlyMap<string, string> = new Map([
  ['content-length', written],
  ['transfer-encoding', written],
  ['connection', written],
  ['proxy-connection', written],
  ['keep-alive', written],
  ['upgrade', written],
  ['http2-settings', written],
  ['expect', written],
  ['trailer', written],
  ['te', written],
  ['date', written],
  ['sec-websocket-key', written],
  ['sec-websocket-accept', written],
  ['sec-websocket-version', written],
  ['host', 'write setHost'],
])

function fieldProblem(name: string, value: string): string | undefined {
  const reason = framedNames.get(name.toLowerCase())
  if (!token.test(name)) return 'not the name of a header field'
  if (reason !== undefined) return `is not for rules: ${reason}`
  if (!lineForm.test(value))
    return 'not the value of a header field: one line of visible ASCII characters'
  return undefined
}

/** @param known variables; `undefined`: values have none. */
const fieldMap = (
  known: readonly string[] | undefined,
  where: string,
): z.ZodType<readonly (readonly [string, string])[], unknown> =>
  z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], {
        error: (issue) => `${show(issue.input)} is not the value of a header field`,
      }),
      { error: (issue) => `${show(issue.input)} is not a map of header fields` },
    )
    .superRefine((given, context) => {
      const entries = Object.entries(given)
      for (const [name, value] of entries) {
        const problem = fieldProblem(name, String(value)) ?? variableProblem(value, known, where)
        if (problem !== undefined)
          context.addIssue({ code: 'custom', path: [name], message: problem })
      }
      if (entries.length > ruleLimits.fieldsMax)
        context.addIssue({ code: 'custom', message: `more than ${ruleLimits.fieldsMax} fields` })
    })
    .transform((given) =>
      Object.entries(given).map(([name, value]): [string, string] => [name, String(value)]),
    )
    .prefault({})

function variableProblem(
  value: string | number | boolean,
  known: readonly string[] | undefined,
  where: string,
): string | undefined {
  if (known === undefined) return undefined
  const unknown = variablesIn(String(value)).find((name) => !known.includes(name))
  if (unknown === undefined) return undefined
  const nearest = suggest(unknown, known)
  const hint = nearest === undefined ? `there are: ${known.join(', ')}` : `did you mean ${nearest}?`
  return `{${unknown}} is no variable of ${where}; ${hint}`
}

const answerFields = fieldMap(undefined, '')

const answerKeys = {
  status: count(200, 599, '').prefault(200),
  body: z
    .string({ error: (issue) => `${show(issue.input)} is not a text` })
    .max(ruleLimits.bodyMax, { error: `more than ${ruleLimits.bodyMax} characters` })
    .prefault(''),
  headers: answerFields,
}

const answer: z.ZodType<AnswerSettings, unknown> = z.preprocess(
  (input) => (typeof input === 'number' || typeof input === 'string' ? { status: input } : input),
  group(answerKeys, 'a status or a map of status, body and headers').refine(
    ({ status, body }) => body === '' || (status !== 204 && status !== 205 && status !== 304),
    { path: ['body'], error: 'a response of this status has no body' },
  ),
)

const removedName = z
  .string({ error: (issue) => `${show(issue.input)} is not the name of a header field` })
  .superRefine((name, context) => {
    const problem = fieldProblem(name, '')
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })

const fieldEdits = (
  known: readonly string[],
  where: string,
): z.ZodType<FieldEditSettings | undefined, unknown> =>
  group(
    {
      set: fieldMap(known, where),
      add: fieldMap(known, where),
      remove: some(removedName),
    },
    'a map of set, add and remove',
  ).optional()

const prefixOf = z.union([z.literal(true), path], {
  error: (issue) => `${show(issue.input)} is neither true nor a path`,
})

const sentHost = text(
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/,
  'a host; write for example app.internal or app.internal:8080',
)

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }

const rate = value<{ readonly requests: number; readonly perMs: number }>(
  'a rate; write for example 10/s, 300/m or 1000/h',
  (input) => {
    const [, digits, unit = ''] = /^(\d{1,7})\/([smh])$/.exec(String(input)) ?? []
    const requests = Number(digits)
    return requests >= 1 ? { requests, perMs: units[unit] as number } : undefined
  },
  { form: '', description: '' },
)

const rateKeys = {
  rate,
  burst: count(1, 1_000_000, '').optional(),
  header: text(token, 'the name of a header field')
    .transform((name) => name.toLowerCase())
    .optional(),
}

const rateLimit: z.ZodType<RuleSettings['rateLimit'], unknown> = z.preprocess(
  (input) => (typeof input === 'string' ? { rate: input } : input),
  group(rateKeys, 'a rate or a map of rate, burst and header').transform(
    ({ rate: { requests, perMs }, burst, header }) => ({
      requests,
      perMs,
      burst: burst ?? Math.max(1, Math.ceil((requests * 1_000) / perMs)),
      header,
    }),
  ),
)

const authKeys = {
  realm: text(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, 'a realm of letters and digits').default(
    'Restricted',
  ),
  file: fileName(''),
}

const auth: z.ZodType<AuthEntry, unknown> = z.preprocess(
  (input) => (typeof input === 'string' ? { file: input } : input),
  group(authKeys, 'the name of a file or a map of realm and file'),
)

const sizes: Readonly<Record<string, number>> = { k: 1_024, m: 1_048_576, g: 1_073_741_824 }

const size = value(
  'a number of bytes; write for example 512k, 10m or 1g',
  (input) => {
    const [, digits, unit = ''] = /^(\d{1,12})([kmg])?$/i.exec(String(input)) ?? []
    return digits === undefined ? undefined : Number(digits) * (sizes[unit.toLowerCase()] ?? 1)
  },
  { form: '', description: '' },
)

const timeoutKeys = {
  connect: duration(1, '').optional(),
  responseHead: duration(1, '').optional(),
  responseBody: duration(1, '').optional(),
}

const codings = z.enum(['br', 'gzip'], {
  error: (issue) => `${show(issue.input)} is neither br nor gzip`,
})

const mediaType = text(
  /^(?!.{0,255}\*.{0,255}\*)[a-z0-9*][a-z0-9*!#$&^_.+-]{0,126}\/[a-z0-9*][a-z0-9*!#$&^_.+-]{0,126}$/i,
  'a media type; write for example text/html, text/* or application/*+json',
).transform((type) => type.toLowerCase())

const compressKeys = {
  types: some(mediaType),
  encodings: some(codings),
  minSize: size.prefault('1k'),
}

const compress: z.ZodType<RuleSettings['compress'], unknown> = z.preprocess(
  (input) => (input === true ? {} : input),
  group(compressKeys, 'true or a map of types, encodings and minSize').transform(
    ({ types, encodings, minSize }) => ({
      types: types.length === 0 ? compressedTypes : types,
      codings: encodings.length === 0 ? (['br', 'gzip'] as const) : encodings,
      minBytes: minSize,
    }),
  ),
)

const errors: z.ZodType<readonly ErrorEntry[], unknown> = z
  .record(z.string(), fileName(''), {
    error: (issue) => `${show(issue.input)} is not a map of statuses and files`,
  })
  .superRefine((given, context) => {
    for (const [status, file] of Object.entries(given)) {
      const add = (message: string): void =>
        context.addIssue({ code: 'custom', path: [status], message })
      if (!/^[45](?:\d\d|xx)$/i.test(status)) add('not a status; write for example 404 or 5xx')
      if (!pageEnds.some((end) => file.endsWith(`.${end}`)))
        add(`not the name of a page; it ends in ${pageEnds.map((end) => `.${end}`).join(', ')}`)
    }
  })
  .transform((given) =>
    Object.entries(given).map(([status, file]) => ({
      status: /xx$/i.test(status) ? Number(status[0]) : Number(status),
      file,
    })),
  )
  .prefault({})

const ruleKeys = {
  name: text(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, 'a name of letters and digits').default(''),
  match,
  balancer: balancer.optional(),
  registers: yesNo('').prefault(false),
  redirect: redirect.optional(),
  answer: answer.optional(),
  allow: some(network).optional(),
  deny: some(network).optional(),
  rateLimit: rateLimit.optional(),
  auth: auth.optional(),
  maxBody: size.optional(),
  timeouts: group(timeoutKeys, 'a map of connect, responseHead and responseBody').optional(),
  retries: count(0, 10, '').optional(),
  compress: compress.optional(),
  errors,
  stripPrefix: prefixOf.optional(),
  addPrefix: path.optional(),
  setHost: sentHost.optional(),
  requestHeaders: fieldEdits(requestVariables, 'requestHeaders'),
  responseHeaders: fieldEdits(responseVariables, 'responseHeaders'),
}

/** Keys that do nothing without a node. */
const forNodes = [
  'stripPrefix',
  'addPrefix',
  'setHost',
  'requestHeaders',
  'timeouts',
  'retries',
  'compress',
] as const

const rule: z.ZodType<RouteEntry, unknown> = group(ruleKeys, 'a map of match and actions')
  .superRefine((given, context) => {
    const refuse = (key: keyof typeof ruleKeys, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message })
    const targets = (['balancer', 'redirect', 'answer'] as const).filter(
      (key) => given[key] !== undefined,
    )
    if (targets.length > 1)
      refuse(targets[1] as 'redirect', `a rule has ${targets[0]} or ${targets[1]}`)
    const { stripPrefix: strip, match: of } = given
    const isUnder = (key: string): boolean =>
      of.paths.every((given) => isWithin(pathKey(given), key))
    if (strip === true && of.paths.length === 0) refuse('stripPrefix', 'needs `match.path`')
    else if (typeof strip === 'string' && (of.paths.length === 0 || !isUnder(pathKey(strip))))
      refuse('stripPrefix', 'not a prefix of every path of the rule')
    for (const key of forNodes)
      if (given[key] !== undefined && (given.redirect ?? given.answer) !== undefined)
        refuse(
          key,
          `is for requests that go to a node, and this rule has ${given.redirect ? 'redirect' : 'answer'}`,
        )
    if (given.registers && given.balancer === undefined) refuse('registers', 'needs `balancer`')
  })
  .transform(
    ({ stripPrefix: strip, addPrefix: add, setHost: host, maxBody: bodyMax, ...given }) => {
      const { redirect: to, match: of } = given
      const prefix = strip === undefined && add === undefined ? undefined : { strip, add }
      // Otherwise it would lead requests over HTTPS to themselves.
      const isOnlyHttps = to?.https === true && to.host === undefined && to.path === undefined
      const scheme = isOnlyHttps && of.scheme === undefined ? ('http' as const) : of.scheme
      return { ...given, match: { ...of, scheme }, prefix, host, bodyMax }
    },
  )

/** For suggestions of misspelt keys. */
const inner = [
  ...Object.entries({
    match: matchKeys,
    redirect: redirectKeys,
    answer: answerKeys,
    rateLimit: rateKeys,
    auth: authKeys,
    timeouts: timeoutKeys,
    compress: compressKeys,
  }),
  ...['requestHeaders', 'responseHeaders'].map(
    (key) => [key, { set: 0, add: 0, remove: 0 }] as const,
  ),
].map(([key, keys]) => [key, { keys: Object.keys(keys) }])

/** A YAML list, or the same as JSON in one string (as in the environment). */
export const routes: z.ZodType<readonly RouteEntry[], unknown> = z
  .preprocess(
    listInText,
    z
      .array(rule, { error: (issue) => `${show(issue.input)} is not a list of rules` })
      .max(ruleLimits.rulesMax, { error: `more than ${ruleLimits.rulesMax} rules` }),
  )
  .meta({ items: { keys: Object.keys(ruleKeys), properties: Object.fromEntries(inner) } })

interface Routed {
  readonly requestId: string
  readonly routes: readonly RouteEntry[]
  readonly to: readonly { readonly balancer?: string | undefined }[]
  readonly balance: readonly { readonly balancer?: string | undefined }[]
}

/** Balancers that no node has, and rules that no request reaches. */
export function problemsOfRoutes({ routes: rules, to, balance, requestId }: Routed): readonly {
  readonly path: readonly (string | number)[]
  readonly message: string
}[] {
  const known = [
    ...to.map((entry) => entry.balancer ?? defaultBalancer),
    ...balance.flatMap(nameOf),
  ]
  return rules.flatMap((entry, index) => {
    const { balancer: name, registers } = entry
    const problems: { path: readonly (string | number)[]; message: string }[] = []
    // Without fixed nodes all nodes register, with any balancer.
    if (name !== undefined && to.length > 0 && !registers && !known.includes(name)) {
      const nearest = suggest(name, known)
      const hint =
        nearest === undefined
          ? `there are: ${[...new Set(known)].join(', ')}`
          : `did you mean ${nearest}?`
      const message = `no entry of \`to\` has the balancer ${name}; ${hint} (for one whose nodes register, write \`registers: true\`)`
      problems.push({ path: ['routes', index, 'balancer'], message })
    }
    if (requestId === 'off')
      for (const key of ['requestHeaders', 'responseHeaders'] as const)
        if (readsId(entry[key]))
          problems.push({
            path: ['routes', index, key],
            message: '{requestId} needs the key requestId',
          })
    const before = rules.slice(0, index).findIndex(({ match: of }) => holdsForAll(of))
    if (before >= 0) {
      const message = `no request reaches this rule: rule ${before + 1} is for all requests`
      problems.push({ path: ['routes', index], message })
    }
    return problems
  })
}

const readsId = (edits: FieldEditSettings | undefined): boolean =>
  [...(edits?.set ?? []), ...(edits?.add ?? [])].some(([, text]) =>
    variablesIn(text).includes('requestId'),
  )

const nameOf = ({ balancer: name }: { readonly balancer?: string | undefined }): string[] =>
  name === undefined ? [] : [name]

const holdsForAll = (of: MatchSettings): boolean =>
  of.scheme === undefined &&
  !of.exact &&
  of.hosts.every((name) => name === '*') &&
  (of.paths.length === 0 || of.paths.includes('/')) &&
  [of.methods, of.headers, of.query, of.clients].every(({ length }) => length === 0)
