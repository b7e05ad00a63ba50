// The keys of the configuration, from its schema: their notes, their environment variables, and which of them changed
// between two configurations. Used by config.ts, the reload and scripts/configuration-page.js.

import { isDeepStrictEqual } from 'node:util'
import { type Config, configJsonSchema, type JsonSchema } from './schema.ts'

export interface ConfigKey {
  /** As `control.listen`. */
  readonly name: string
  readonly steps: readonly string[]
  /** As `TOPSPIN_CONTROL_LISTEN`. */
  readonly variable: string
  readonly schema: JsonSchema
}

/** All keys that have a value, in the order of the schema. */
export function configKeys(): readonly ConfigKey[] {
  return keysOf(configJsonSchema(), [])
}

function keysOf(schema: JsonSchema, steps: readonly string[]): ConfigKey[] {
  if (schema.properties !== undefined)
    return Object.entries(schema.properties).flatMap(([key, inner]) =>
      keysOf(inner, [...steps, key]),
    )
  return [{ name: steps.join('.'), steps, variable: variableOf(steps), schema }]
}

export function variableOf(steps: readonly string[]): string {
  const words = steps.map((step) => step.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
  return `TOPSPIN_${words.join('_')}`
}

/** The keys whose values differ. */
export function changedKeys(before: Config, after: Config): string[] {
  return configKeys()
    .filter(({ steps }) => !isDeepStrictEqual(valueAt(before, steps), valueAt(after, steps)))
    .map(({ name }) => name)
}

/** `config` with the values of these keys as in `other`. */
export function withValuesOf(other: Config, config: Config, names: readonly string[]): Config {
  return configKeys()
    .filter(({ name }) => names.includes(name))
    .reduce((made, { steps }) => withValue(made, steps, valueAt(other, steps)), config)
}

function withValue<T>(tree: T, [step, ...rest]: readonly string[], value: unknown): T {
  if (step === undefined) return value as T
  const inner = (tree as Readonly<Record<string, unknown>>)[step]
  return { ...tree, [step]: withValue(inner, rest, value) }
}

export function valueAt(config: Config, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (value, step) => (value as Readonly<Record<string, unknown>>)[step],
    config,
  )
}
