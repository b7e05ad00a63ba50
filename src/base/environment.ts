// Reads TOPSPIN_... variables. Problems are collected, so that all of them are reported at once, and so are the
// names, so that a misspelt variable is reported with a suggestion. Used by agent, peer and `topspin serve`.

import { parseDuration } from './duration.ts'
import { suggest } from './suggest.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'TOPSPIN_'

export class EnvironmentReader {
  /** One sentence for each value that cannot be used. */
  readonly problems: string[] = []
  /** One sentence for each variable that is set under a former name. */
  readonly warnings: string[] = []
  readonly #environment: Environment
  readonly #known: Set<string> = new Set()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Sentences about variables that look like misspelt ones. Complete once every variable has been read. */
  get hints(): string[] {
    return unknownVariables(this.#environment, this.#known)
  }

  /** Names of variables that other code reads. */
  expect(...names: readonly string[]): void {
    for (const name of names) this.#known.add(prefix + name)
  }

  /** The variable `TOPSPIN_<name>`; undefined when it is not set, or empty. */
  text(name: string): string | undefined {
    this.expect(name)
    const value = this.#environment[prefix + name]?.trim()
    return value === '' ? undefined : value
  }

  /** Which of the two names is set: `name`, or `former` with a warning. `name` when neither is. */
  renamed(name: string, former: string): string {
    if (this.text(name) !== undefined || this.text(former) === undefined) return name
    this.warnings.push(`${prefix}${former} is now called ${prefix}${name}; please rename it`)
    return former
  }

  /**
   * The parsed value; undefined when the variable is not set.
   * @param what completes `TOPSPIN_X="..." is not`, for the problem when `parse` returns undefined.
   */
  parsed<T>(name: string, what: string, parse: (value: string) => T | undefined): T | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const result = parse(value)
    if (result === undefined) this.problems.push(`${prefix}${name}="${value}" is not ${what}`)
    return result
  }

  /** A duration (duration.ts), in ms. */
  duration(name: string): number | undefined {
    const what = 'a duration; write for example 10s, 500ms or 1.5m'
    return this.parsed(name, what, parseDuration)
  }

  /** @param what as for `parsed`. */
  number(name: string, least: number, most: number, what: string): number | undefined {
    return this.parsed(name, what, (value) => {
      const number = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN
      return number >= least && number <= most ? number : undefined
    })
  }

  /** A list with commas between its items. @param items what they are, for the problem. */
  list(name: string, items: string): readonly string[] | undefined {
    return this.parsed(name, `a list of ${items} with commas between them`, (value) => {
      const list = value.split(',').map((item) => item.trim())
      return list.every((item) => item !== '') ? list : undefined
    })
  }
}

/** Variables of one part of Topspin whose names are close to those of another part. */
const lookalikes: readonly string[] = ['TOPSPIN_BALANCE', 'TOPSPIN_BALANCER']

/** One sentence for each TOPSPIN_ variable that is not in `known` but looks like a misspelt one that is. */
export function unknownVariables(environment: Environment, known: ReadonlySet<string>): string[] {
  const others = Object.keys(environment).filter(
    (name) => name.startsWith(prefix) && !known.has(name) && !lookalikes.includes(name),
  )
  const names = [...known].map((name) => name.slice(prefix.length))
  return others.flatMap((name) => {
    const meant = suggest(name.slice(prefix.length), names, editsMax)
    return meant === undefined ? [] : `${name} is not known; did you mean ${prefix}${meant}?`
  })
}

/** Names end in the same words: with more, ADVERTISE_TTL would be a misspelt ADVERTISE_KEY. */
const editsMax = 2

/** Without the keys whose value is undefined: an option that is there has a value. */
export function present<T extends object>(
  options: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
