// The configuration in force as a list of keys, with the origin of each value and without secrets.

import { configKeys, valueAt } from './keys.ts'
import type { Origins } from './origins.ts'
import type { Config } from './schema.ts'

export interface EffectiveValue {
  readonly key: string
  readonly value: unknown
  readonly source: 'default' | 'file' | 'environment' | 'flag'
  readonly place: string | null
}

/** All keys, in the order of the schema. */
export function effectiveValues(config: Config, origins: Origins): readonly EffectiveValue[] {
  return configKeys().map(({ name, steps, schema }) => {
    const { source = 'default', place = null } = origins.get(name) ?? {}
    const value = valueAt(config, steps) ?? null
    return {
      key: name,
      value: shownValue(value, steps, schema.form),
      source,
      place,
    }
  })
}

function shownValue(value: unknown, steps: readonly string[], form: string | undefined): unknown {
  if (steps.join('.') === 'tracing.headers')
    return (value as Config['tracing']['headers']).map(([name]) => `${name}=(secret)`)
  if (steps.at(-1) === 'tokens') return withoutTokens(value as Config['control']['tokens'])
  return isSecretKey(steps, form) ? masked(value) : withoutPasswords(value)
}

const withoutTokens = (entries: Config['control']['tokens']): readonly object[] =>
  entries.map(({ token, ...entry }) => ({ ...entry, ...(token && { token: masked(token) }) }))

/** Keys of certificates are names of files. */
function isSecretKey(steps: readonly string[], form: string | undefined): boolean {
  const last = steps.at(-1)
  return (last === 'secret' || last === 'key') && form !== 'FILE'
}

/** URLs may have a user with a password. */
function withoutPasswords(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPasswords)
  if (typeof value !== 'string') return value
  return value.replace(/^([a-z]{1,10}:\/\/[^/:@]{0,100}):[^/@]{0,200}@/, '$1:(secret)@')
}

function masked(value: unknown): unknown {
  const isSet = Array.isArray(value) ? value.length > 0 : value !== null && value !== ''
  return isSet ? '(secret)' : value
}
