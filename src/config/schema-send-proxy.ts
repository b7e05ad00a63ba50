// PROXY headers to nodes in the configuration. Used by schema.ts.

import { z } from 'zod'
import { probeLimits } from '../base/limits.ts'
import type { SendProxyRule } from '../cluster/send-proxy.ts'
import { choice, show } from './schema-forms.ts'

const name = (what: string): z.ZodType<string, string> =>
  z
    .string({ error: (issue) => `${show(issue.input)} is not ${what}` })
    .regex(/^[\x21-\x7e]{1,255}$/, { error: (issue) => `${show(issue.input)} is not ${what}` })

const rule: z.ZodType<SendProxyRule, unknown> = z.strictObject(
  {
    node: name('a node; write its route, or its address as HOST:PORT').optional(),
    balancer: name('the name of a balancer')
      .transform((text) => text.toLowerCase())
      .optional(),
    version: choice(['off', 'v1', 'v2'], ''),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? `${show(issue.input)} is neither off, v1 nor v2, nor a map`
        : undefined,
  },
)

/** One word, one map, or a list of maps; the same as JSON in one string (as in the environment). */
export const sendProxy: z.ZodType<readonly SendProxyRule[], unknown> = z.preprocess(
  asList,
  z
    .array(rule, { error: (issue) => `${show(issue.input)} is not a list` })
    .max(probeLimits.rulesMax, { error: `more than ${probeLimits.rulesMax} entries` }),
)

function asList(input: unknown): unknown {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return [input]
  if (typeof input !== 'string') return input
  const text = input.trim()
  if (!/^[[{]/.test(text)) return text === 'off' ? [] : [{ version: text }]
  try {
    return asList(JSON.parse(text) as unknown)
  } catch {
    return input
  }
}
