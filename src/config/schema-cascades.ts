// Cascades of candidacy functions in the configuration. Used by schema.ts.

import { z } from 'zod'
import { candidacyLimits } from '../base/limits.ts'
import { expandCascade } from '../candidacy/proxy-cascades.ts'
import { readStep, shapeProblem, splitCascade } from '../candidacy/read.ts'
import { pathKey } from '../cluster/context.ts'
import { listInText, show } from './schema-forms.ts'
import { type StickyPart, stickyPart } from './schema-sticky.ts'

/** One candidacy function with its argument. */
const step: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a candidacy function` })
  .superRefine((text, context) => {
    const made = readStep(text)
    if (typeof made === 'string') context.addIssue({ code: 'custom', message: made })
  })

/** A YAML list, or one string with commas, or the name of a cascade, of which the functions are the value. */
export const cascade: z.ZodType<readonly string[], unknown> = z.preprocess(
  (input) => {
    const list: unknown = typeof input === 'string' ? splitCascade(input) : input
    return isTexts(list) ? expandCascade(list) : list
  },
  z
    .array(step, { error: (issue) => `${show(issue.input)} is not a list` })
    .superRefine((list, context) => {
      const problem = shapeProblem(list)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
    }),
)

const isTexts = (list: unknown): list is string[] =>
  Array.isArray(list) && list.every((text) => typeof text === 'string')

const path: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a path; write for example /shop` })
  .regex(/^\/[^\s?#;]*$/, {
    error: (issue) => `${show(issue.input)} is not a path; write for example /shop`,
  })

/** Rules for some requests: for a path its cascade, for a path or a balancer its sticky sessions. */
export interface BalanceEntry {
  readonly path?: string | undefined
  /** In lower case. */
  readonly balancer?: string | undefined
  readonly candidacy?: readonly string[] | undefined
  readonly sticky?: StickyPart | undefined
}

const balancer: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not the name of a balancer` })
  .regex(/^[\x21-\x7e]{1,255}$/, {
    error: (issue) => `${show(issue.input)} is not the name of a balancer`,
  })
  .transform((name) => name.toLowerCase())

const entry: z.ZodType<BalanceEntry, unknown> = z
  .strictObject(
    {
      path: path.optional(),
      balancer: balancer.optional(),
      candidacy: cascade.optional(),
      sticky: stickyPart.optional(),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type'
          ? `${show(issue.input)} is not a map of path and candidacy`
          : undefined,
    },
  )
  .superRefine((given, context) => {
    const refuse = (key: keyof BalanceEntry, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message })
    if (given.path !== undefined && given.balancer !== undefined)
      refuse('balancer', 'an entry is for a path or for a balancer')
    else if (given.path === undefined && given.balancer === undefined)
      refuse('path', 'is missing; write for example /shop')
    else if (given.balancer !== undefined && given.candidacy !== undefined)
      refuse('candidacy', 'goes by path; write path instead of balancer')
    else if (given.candidacy === undefined && given.sticky === undefined)
      refuse('candidacy', 'is missing; an entry has candidacy or sticky')
  })

/** A YAML list, or the same as JSON in one string (as in the environment). */
export const balance: z.ZodType<readonly BalanceEntry[], unknown> = z.preprocess(
  listInText,
  z
    .array(entry, { error: (issue) => `${show(issue.input)} is not a list of path and candidacy` })
    .max(candidacyLimits.pathsMax, { error: `more than ${candidacyLimits.pathsMax} paths` })
    .superRefine((entries, context) => {
      const known = new Set<string>()
      for (const [index, given] of entries.entries()) {
        const by = given.path === undefined ? 'balancer' : 'path'
        const name = given[by] ?? ''
        const key = `${by} ${by === 'path' ? pathKey(name) : name}`
        const message = `${name} is listed twice`
        if (known.has(key)) context.addIssue({ code: 'custom', path: [index, by], message })
        known.add(key)
      }
    }),
)
