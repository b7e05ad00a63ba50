// Reading TOPSPIN_... variables: what is wrong is gathered and told all at once. Called by the automatic
// forms of agent and peer.

import { parseDuration } from './duration.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export class EnvironmentReader {
  readonly problems: string[] = []
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** The variable `TOPSPIN_<name>`; undefined when it is not set, or empty. */
  text(name: string): string | undefined {
    const value = this.#environment[`TOPSPIN_${name}`]?.trim()
    return value === '' ? undefined : value
  }

  /** @param what a value that would be right, for the problem when `parse` gives undefined. */
  parsed<T>(name: string, what: string, parse: (value: string) => T | undefined): T | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const result = parse(value)
    if (result === undefined) this.problems.push(`TOPSPIN_${name}="${value}": ${what}`)
    return result
  }

  /** A duration (see duration.ts), as milliseconds. */
  time(name: string): number | undefined {
    return this.parsed(name, 'a duration such as 10s, 500ms or 1.5m', parseDuration)
  }
}

/** Without what is undefined: an option that is there has a value. */
export function present<T extends object>(
  options: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** With commas between; undefined when one of them is empty. */
export function list(value: string): string[] | undefined {
  const items = value.split(',').map((item) => item.trim())
  return items.every((item) => item !== '') ? items : undefined
}
