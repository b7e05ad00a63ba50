// Sticky sessions at the proxy in the configuration: the section `sticky`, and the same keys for a balancer or a path. Used
// by schema.ts and schema-cascades.ts.

import { z } from 'zod'
import type { InsertSettings, StickySettings } from '../proxy/forms.ts'
import { defaultInsert } from '../proxy/forms.ts'
import { isSecret, secretForm } from '../wire/authorization.ts'
import { choice, duration, section, show } from './schema-forms.ts'

/** The keys that an entry of `balance` sets. */
export interface StickyPart {
  readonly insert?:
    | { readonly [Key in keyof InsertSettings]?: InsertSettings[Key] | undefined }
    | undefined
  readonly header?: string | undefined
  readonly query?: string | undefined
}

const text = (form: RegExp, what: string): z.ZodType<string, unknown> =>
  z
    .string({ error: (issue) => `${show(issue.input)} is not ${what}` })
    .regex(form, { error: (issue) => `${show(issue.input)} is not ${what}` })

/** In lower case; YAML 1.1 and JSON may have false for `off`. */
const word = <Word extends string>(words: readonly [Word, ...Word[]]): z.ZodType<Word, unknown> =>
  z.preprocess(
    (input) => {
      if (input === false) return 'off'
      return typeof input === 'string' ? input.toLowerCase() : input
    },
    choice(words, ''),
  )

const secure: z.ZodType<InsertSettings['secure'], unknown> = z
  .preprocess(
    (input) => (typeof input === 'boolean' ? String(input) : input),
    choice(['auto', 'true', 'false'], ''),
  )
  .transform((given) => (given === 'auto' ? given : given === 'true'))

/** The error does not contain the value. */
const secret: z.ZodType<readonly string[], unknown> = z.preprocess(
  (input) => (typeof input === 'string' ? [input] : input),
  z
    .array(
      z
        .string({ error: 'not text; write it in quotes' })
        .refine(isSecret, { error: `not a secret; ${secretForm}` }),
      { error: 'neither a secret nor a list of secrets' },
    )
    .max(8, { error: 'more than 8 secrets' }),
)

const domain = text(
  /^\.?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
  'a domain; write for example shop.test',
).transform((name) => name.replace(/^\./, '').toLowerCase())

const path = text(
  /^(context|\/[\x21-\x3a\x3c-\x7e]{0,1023})$/,
  'a path; write context or for example /shop',
)

/** RFC 6265 4.1.1: a token. */
const cookieName = text(/^[\w!#$%&'*+.^`|~-]{1,64}$/, 'the name of a cookie')

const fieldName = text(
  /^[A-Za-z0-9-]{1,64}$/,
  'the name of a header field; write for example X-Session',
).transform((name) => name.toLowerCase())

const parameter = text(
  /^[A-Za-z0-9._~-]{1,64}$/,
  'the name of a query parameter; write for example session',
)

const forms = {
  when: word(['auto', 'always', 'off']),
  name: cookieName,
  secret,
  ttl: duration(1_000, ''),
  sameSite: word(['lax', 'strict', 'none', 'off']),
  secure,
  domain,
  path,
}

/** With the notes of docs/configuration.md. */
export const sticky: z.ZodType<StickySettings, unknown> = section({
  insert: section({
    when: forms.when.prefault(defaultInsert.when).meta({
      form: 'auto, always or off',
      description:
        'When the proxy adds a sticky cookie of its own to a response. `auto`: when the application sets a session cookie (one without lifetime, or with HttpOnly) and the node does not send its route in a session id itself; and at the start of a Socket.IO session. `always`: for every client that does not have it. A client whose session has moved to another node gets a new one in any case. `insert: off` and `TOPSPIN_STICKY_INSERT` are short forms. See [sessions.md](sessions.md).',
    }),
    name: forms.name.prefault(defaultInsert.name).meta({
      form: 'name',
      description:
        'The name of the cookie. Cookies of this name belong to the proxy: they are not forwarded to nodes. Proxies in a row need different names.',
    }),
    secret: forms.secret.prefault([]).meta({
      form: 'text, or a list',
      description:
        'The key that signs the cookie, so that clients cannot make one, nor learn the names of nodes by guessing. Proxies that serve the same clients need the same. With a list the first one signs, and the others are accepted, too.',
    }),
    ttl: forms.ttl.optional().meta({
      form: 'duration',
      description:
        'Lifetime of the cookie (Max-Age). An active client gets a new one each time a tenth of it has passed. Default: until the browser is closed.',
    }),
    sameSite: forms.sameSite.prefault(defaultInsert.sameSite).meta({
      form: 'lax, strict, none or off',
      description:
        'The attribute SameSite: `none` for applications in frames of other sites (over HTTPS alone), `off` for no attribute.',
    }),
    secure: forms.secure.prefault(String(defaultInsert.secure)).meta({
      form: 'auto, true or false',
      description:
        'The attribute Secure. `auto`: for requests over HTTPS, also where a proxy in `trust` has received them so.',
    }),
    domain: forms.domain.optional().meta({
      form: 'name',
      description: 'The attribute Domain. Default: none, so the host of the request alone.',
    }),
    path: forms.path.prefault(defaultInsert.path).meta({
      form: 'context or PATH',
      description:
        'The attribute Path. `context`: the path under which the application is registered, so that several applications of one host have a cookie each. Where another proxy in front changes paths, write `/`.',
    }),
  }),
  header: fieldName.optional().meta({
    form: 'name',
    description:
      'A header field with the key of a session, for clients without cookies: requests with the same value go to the same node. A value that ends in `.` and the route of a node goes there. Default: none.',
  }),
  query: parameter.optional().meta({
    form: 'name',
    description:
      'A query parameter with the key of a session, in the same way; the header field comes first. Default: none.',
  }),
})

const partKeys = {
  insert: z.preprocess(
    (input) => (typeof input === 'string' || typeof input === 'boolean' ? { when: input } : input),
    z.strictObject(
      {
        when: forms.when.optional(),
        name: forms.name.optional(),
        secret: forms.secret.optional(),
        ttl: forms.ttl.optional(),
        sameSite: forms.sameSite.optional(),
        secure: forms.secure.optional(),
        domain: forms.domain.optional(),
        path: forms.path.optional(),
      },
      { error: notMap('insert') },
    ),
  ),
  header: fieldName.optional(),
  query: parameter.optional(),
}

export const stickyPart: z.ZodType<StickyPart, unknown> = z.strictObject(
  { ...partKeys, insert: partKeys.insert.optional() },
  { error: notMap('sticky') },
)

function notMap(name: string): (issue: { code?: string; input?: unknown }) => string | undefined {
  return (issue) =>
    issue.code === 'invalid_type'
      ? `${show(issue.input)} is not a map of the keys of ${name}`
      : undefined
}

/** The settings of an entry, with what it leaves out as in the section `sticky`. */
export function stickyOf(base: StickySettings, part: StickyPart): StickySettings {
  const given = Object.entries(part.insert ?? {}).filter(([, value]) => value !== undefined)
  return {
    insert: { ...base.insert, ...Object.fromEntries(given) },
    header: part.header ?? base.header,
    query: part.query ?? base.query,
  }
}

/** Why browsers would refuse the cookie, or it would harm the application; `undefined` when it is right. */
export function insertProblem({
  insert,
}: StickySettings): readonly [key: string, message: string] | undefined {
  const { name, secure, sameSite, path: at, domain: of } = insert
  if (insert.when === 'off') return undefined
  if (sameSite === 'none' && secure === false)
    return ['secure', 'browsers refuse SameSite=None without Secure; write auto or true']
  if (/^__(?:Secure|Host)-/i.test(name) && secure === false)
    return ['secure', `browsers refuse ${name} without Secure; write auto or true`]
  if (/^__Host-/i.test(name) && (at !== '/' || of !== undefined))
    return ['name', `browsers refuse ${name} unless path is / and there is no domain`]
  if (name === 'JSESSIONID')
    return ['name', 'the session cookie of Java applications has this name']
  return undefined
}
