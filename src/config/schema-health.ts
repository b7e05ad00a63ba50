// Health checks of nodes in the configuration. Used by schema.ts.

import { z } from 'zod'
import { probeLimits } from '../base/limits.ts'
import type { HealthRule } from '../cluster/health-rule.ts'
import { choice, count, duration, show, text } from './schema-forms.ts'

const statusesForm = 'a list of statuses; write for example 200-299,404'

const expect: z.ZodType<NonNullable<HealthRule['expect']>, unknown> = z
  .preprocess(
    (input) => (Array.isArray(input) ? input.join(',') : input),
    text(/^[\d, -]{3,200}$/, statusesForm),
  )
  .transform((list, context) =>
    list.split(',').map((part) => {
      const [, low = '', high = low] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(part.trim()) ?? []
      if (low === '' || high < low)
        context.addIssue({ code: 'custom', message: `${show(part)} is not ${statusesForm}` })
      return [Number(low), Number(high)] as const
    }),
  )

const checkKeys = {
  probe: choice(['auto', 'none', 'tcp', 'http', 'grpc'], '').optional(),
  method: text(/^[A-Z][A-Z-]{0,31}$/, 'a method; write for example HEAD').optional(),
  path: text(/^(\*|\/[\x21-\x7e]{0,2000})$/, 'a path; write for example /ready').optional(),
  host: text(/^[A-Za-z0-9._[\]:-]{1,255}$/, 'a host; write for example shop.test').optional(),
  expect: expect.optional(),
  service: text(
    /^[A-Za-z0-9_.]{0,127}$/,
    'the name of a service of gRPC; write for example shop.Cart',
  ).optional(),
  interval: duration(100, '').optional(),
  timeout: duration(10, '').optional(),
  rise: count(1, 100, '').optional(),
  fall: count(1, 100, '').optional(),
}

const keys = {
  node: text(
    /^[\x21-\x7e]{1,255}$/,
    'a node; write its route, or its address as HOST:PORT',
  ).optional(),
  balancer: text(/^[\x21-\x7e]{1,255}$/, 'the name of a balancer')
    .transform((name) => name.toLowerCase())
    .optional(),
  ...checkKeys,
}

const httpKeys = ['method', 'path', 'host', 'expect'] as const

const checkOfKeys = <Keys extends typeof checkKeys>(all: Keys): z.ZodType<HealthRule, unknown> =>
  z
    .strictObject(all as typeof checkKeys, {
      error: (issue) =>
        issue.code === 'invalid_type' ? `${show(issue.input)} is not a health check` : undefined,
    })
    .superRefine((entry, context) => {
      const probe = probeOf(entry)
      const path = httpKeys.find((key) => entry[key] !== undefined)
      // A host is also sent with the call of grpc.
      const fits = probe === 'http' || (probe === 'grpc' && path === 'host')
      if (path !== undefined && !fits)
        context.addIssue({ code: 'custom', path: [path], message: 'needs probe: http' })
      if (entry.service !== undefined && probe !== 'grpc')
        context.addIssue({ code: 'custom', path: ['service'], message: 'needs probe: grpc' })
    })
    .transform((entry) => ({ ...entry, probe: probeOf(entry) }))

type Keyed = { readonly [Key in keyof HealthRule]?: HealthRule[Key] | undefined }

/** A key that belongs to one kind of check alone names it. */
function probeOf(entry: Keyed): HealthRule['probe'] {
  if (entry.probe !== undefined) return entry.probe
  if (entry.service !== undefined) return 'grpc'
  return httpKeys.some((key) => entry[key] !== undefined) ? 'http' : 'auto'
}

const rule = checkOfKeys(keys)

/** The check of one node, in its own entry: one word, or a map. */
export const nodeHealth: z.ZodType<HealthRule, unknown> = z.preprocess(
  (input) => (typeof input === 'string' ? { probe: input.trim() } : input),
  checkOfKeys(checkKeys),
)

/** One word, one check, or a list of checks; the same as JSON in one string (as in the environment). */
export const health: z.ZodType<readonly HealthRule[], unknown> = z.preprocess(
  asList,
  z
    .array(rule, { error: (issue) => `${show(issue.input)} is not a health check` })
    .max(probeLimits.rulesMax, { error: `more than ${probeLimits.rulesMax} health checks` })
    .superRefine((entries, context) => {
      const known = new Set<string>()
      for (const [index, { node, balancer }] of entries.entries()) {
        const key = node === undefined ? `balancer ${balancer ?? ''}` : `node ${node}`
        const message = `a second health check for ${subject({ node, balancer })}`
        if (known.has(key)) context.addIssue({ code: 'custom', path: [index], message })
        known.add(key)
      }
    }),
)

const subject = ({ node, balancer }: Pick<HealthRule, 'node' | 'balancer'>): string => {
  if (node !== undefined) return `node ${node}`
  return balancer === undefined ? 'all nodes' : `balancer ${balancer}`
}

function asList(input: unknown): unknown {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return [input]
  if (typeof input !== 'string') return input
  const trimmed = input.trim()
  if (!/^[[{]/.test(trimmed)) return [{ probe: trimmed }]
  try {
    return asList(JSON.parse(trimmed) as unknown)
  } catch {
    return input
  }
}
