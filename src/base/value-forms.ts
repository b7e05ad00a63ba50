// The forms of values that come as text, from environment variables and from flags: one grammar for both. Used by the
// table of the agent's options.

import { parseDuration } from './duration.ts'

export interface ValueForm {
  /** Completes `TOPSPIN_X="..." is not`. */
  readonly what: string
  /** undefined: not of this form. */
  readonly parse: (text: string) => unknown
  /** A flag of this form may be repeated, and each adds to the list. */
  readonly isList?: true
}

export const text: ValueForm = { what: 'a text', parse: (value) => value }

/** Milliseconds. */
export const duration: ValueForm = {
  what: 'a duration; write for example 10s, 500ms or 1.5m',
  parse: parseDuration,
}

/** @param what it is, for the problem. */
export const number = (least: number, most: number, what: string): ValueForm => ({
  what,
  parse(value) {
    const found = /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : Number.NaN
    return found >= least && found <= most ? found : undefined
  },
})

/** @param items what they are, for the problem. */
export const list = (items: string): ValueForm => ({
  what: `a list of ${items} with commas between them`,
  isList: true,
  parse(value) {
    const found = value.split(',').map((item) => item.trim())
    return found.every((item) => item !== '') ? found : undefined
  },
})

export const choice = (values: readonly string[], what: string): ValueForm => ({
  what: `${what}; write ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
  parse: (value) => (values.includes(value) ? value : undefined),
})

const switches: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['on', true],
  ['true', true],
  ['1', true],
  ['no', false],
  ['off', false],
  ['false', false],
  ['0', false],
])

export const yesNo: ValueForm = {
  what: 'yes or no',
  parse: (value) => switches.get(value.toLowerCase()),
}
