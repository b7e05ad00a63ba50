// Cascades of candidacy functions in the configuration. Used by schema.ts.

import { z } from 'zod'
import { candidacyLimits } from '../base/limits.ts'
import type { CascadeEntry } from '../candidacy/cascades.ts'
import { expandCascade } from '../candidacy/proxy-cascades.ts'
import { readStep, shapeProblem, splitCascade } from '../candidacy/read.ts'
import { pathKey } from '../cluster/context.ts'
import { show } from './schema-forms.ts'

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

/** A YAML list, or the same as JSON in one string (as in the environment). */
export const balance: z.ZodType<readonly CascadeEntry[], unknown> = z.preprocess(
  (input) => {
    if (typeof input !== 'string') return input
    try {
      return input.trim() === '' ? [] : (JSON.parse(input) as unknown)
    } catch {
      return input
    }
  },
  z
    .array(
      z.strictObject(
        { path, candidacy: cascade },
        {
          error: (issue) =>
            issue.code === 'invalid_type'
              ? `${show(issue.input)} is not a map of path and candidacy`
              : undefined,
        },
      ),
      { error: (issue) => `${show(issue.input)} is not a list of path and candidacy` },
    )
    .max(candidacyLimits.pathsMax, { error: `more than ${candidacyLimits.pathsMax} paths` })
    .superRefine((entries, context) => {
      const known = new Set<string>()
      for (const [index, entry] of entries.entries()) {
        const key = pathKey(entry.path)
        const message = `${entry.path} is listed twice`
        if (known.has(key)) context.addIssue({ code: 'custom', path: [index, 'path'], message })
        known.add(key)
      }
    }),
)
