// Reads TOPSPIN_... variables. Problems are collected, so that all of them are reported at once, and so are the
// names, so that a misspelt variable is reported with a suggestion. Used by agent, peer and `topspin serve`.

import { suggest } from './suggest.ts'
import { duration, list, number, type ValueForm } from './value-forms.ts'
import { allVariables, hasProxySection, nodeVariables } from './variable-names.ts'

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
    return value === '' || isServiceLink(prefix + name, value) ? undefined : value
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

  /** The value in a form; undefined when the variable is not set. */
  value(name: string, { what, parse }: ValueForm): unknown {
    return this.parsed(name, what, parse)
  }

  /** A duration (duration.ts), in ms. */
  duration(name: string): number | undefined {
    return this.value(name, duration) as number | undefined
  }

  /** @param what as for `parsed`. */
  number(name: string, least: number, most: number, what: string): number | undefined {
    return this.value(name, number(least, most, what)) as number | undefined
  }

  /** A list with commas between its items. @param items what they are, for the problem. */
  list(name: string, items: string): readonly string[] | undefined {
    return this.value(name, list(items)) as readonly string[] | undefined
  }
}

/**
 * One sentence for each TOPSPIN_ variable that no part of Topspin has, or that looks like a misspelt one of this part.
 * @param known the variables of this part.
 * @param isProxy this part is the proxy, whose variables `known` lists in full.
 */
export function unknownVariables(
  environment: Environment,
  known: ReadonlySet<string>,
  isProxy: boolean = false,
): string[] {
  const names = [...known].map((name) => name.slice(prefix.length))
  const others = isProxy ? nodeVariables : allVariables
  return Object.keys(environment).flatMap((variable) => {
    const isKnown = known.has(variable) || isServiceLink(variable, environment[variable])
    const name = variable.slice(prefix.length)
    if (!variable.startsWith(prefix) || isKnown || others.has(name)) return []
    const meant = suggest(name, names, editsMax)
    if (meant === undefined && !isProxy && hasProxySection(name)) return []
    const nearest = meant ?? suggest(name, [...allVariables], editsMax)
    if (nearest !== undefined) return `${variable} is not known; did you mean ${prefix}${nearest}?`
    return `${variable} is not a variable of Topspin; docs/configuration.md, docs/agent.md and docs/peers.md list them`
  })
}

/** The same for a command that reads few variables. */
export const strayVariables = (environment: Environment): string[] =>
  unknownVariables(environment, new Set())

/** Names end in the same words: with more, ADVERTISE_TTL would be a misspelt ADVERTISE_KEY. */
const editsMax = 2

/** Kubernetes sets such variables in every pod of a namespace that has a service `topspin` or `topspin-...`. */
function isServiceLink(variable: string, value: string | undefined): boolean {
  if (/^TOPSPIN_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?)$/.test(variable)) return true
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(variable)) return true
  return variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value ?? '')
}

/** Without the keys whose value is undefined: an option that is there has a value. */
export function present<T extends object>(
  options: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
