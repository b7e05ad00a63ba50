// Who may use the pages of the control listener, in the configuration: `control.tokens`. Used by schema.ts.

import { z } from 'zod'
import { accessLimits } from '../base/limits.ts'
import { fileName, sharedSecret, show, text } from './schema-forms.ts'

export interface TokenEntry {
  readonly name: string
  readonly role: 'reader' | 'operator'
  /** One of these. */
  readonly token?: string | undefined
  readonly file?: string | undefined
  readonly certificate?: string | undefined
}

const what = 'a map; write for example { name: grafana, role: reader, file: /run/secrets/grafana }'

const entry: z.ZodType<TokenEntry, unknown> = z
  .strictObject(
    {
      name: text(/^[\w.@-]{1,64}$/, 'a name of letters, digits, "-", ".", "_" and "@"'),
      role: z
        .enum(['reader', 'operator'], { error: 'is not a role; write reader or operator' })
        .default('reader'),
      token: sharedSecret('').optional(),
      file: fileName('').optional(),
      certificate: text(/^[\x21-\x7e]{1,255}$/, 'a name in a certificate').optional(),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? `${show(issue.input)} is not ${what}` : undefined,
    },
  )
  .refine(
    ({ token, file, certificate }) =>
      [token, file, certificate].filter((one) => one !== undefined).length === 1,
    { error: 'needs one of token, file and certificate' },
  )

const names = (entries: readonly TokenEntry[]): readonly string[] => entries.map(({ name }) => name)

export const tokens: z.ZodType<readonly TokenEntry[], unknown> = z
  .preprocess(
    (input) => (typeof input === 'string' ? parsed(input) : input),
    z
      .array(entry, { error: (issue) => `${show(issue.input)} is not a list of maps` })
      .max(accessLimits.tokensMax, { error: `more than ${accessLimits.tokensMax} entries` })
      .refine((entries) => new Set(names(entries)).size === entries.length, {
        error: 'two entries have the same name',
      }),
  )
  .prefault([])
  .meta({
    form: 'list of maps',
    description:
      'Who may use the pages and the API of this listener beside those with `control.secret`: each entry has a `name` for the log, a `role` (`reader`, the default, or `operator`), and one of `token`, `file` (a file that contains the token) and `certificate` (the common name or an alternative name in a client certificate, which `control.tls.clientAuth` asks for). A token is sent like the secret. With entries, callers from other machines need one even to read; callers on this machine need none, unless there is a secret. Tokens do not admit nodes. In the environment, the list is written as JSON.',
  })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
