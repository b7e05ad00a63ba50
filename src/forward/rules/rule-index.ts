// The rules by host and path: which is the first in their order that a request meets. One look-up for each name and each
// segment that some rule has, whatever the number of rules.

import { pathKey } from '../../cluster/context.ts'
import type { Asked } from './asked.ts'
import type { Rule } from './rule.ts'

/** Longest host name [RFC 1035 2.3.4]. */
const hostBytesMax = 255

export class RuleIndex {
  /** By name, or by `*.suffix`; under `*` for every host. */
  readonly #byHost: Map<string, RulesByPath> = new Map()
  readonly #hasWildcards: boolean

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) {
      const { hosts } = rule.settings.match
      for (const host of hosts.length === 0 ? ['*'] : hosts) {
        const known = this.#byHost.get(host) ?? new RulesByPath()
        this.#byHost.set(host, known)
        known.add(rule)
      }
    }
    this.#hasWildcards = [...this.#byHost.keys()].some((host) => host.startsWith('*.'))
  }

  /**
   * @param path decoded, without query and parameters.
   * @param host as `hostKey` returns it.
   */
  find(path: string, host: string, asked: Asked): Rule | undefined {
    let found = this.#byHost.get('*')?.find(path, asked, undefined)
    if (host !== '*') found = this.#byHost.get(host)?.find(path, asked, found) ?? found
    if (!this.#hasWildcards || host.length > hostBytesMax) return found
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      found = this.#byHost.get(`*${host.slice(dot)}`)?.find(path, asked, found) ?? found
    }
    return found
  }
}

/** The rules of one host by the path that they begin at. */
class RulesByPath {
  readonly #byKey: Map<string, Rule[]> = new Map()
  /** Characters of the longest key. */
  #lengthMax = 0

  add(rule: Rule): void {
    const { paths } = rule.settings.match
    for (const key of new Set(paths.length === 0 ? [''] : paths.map(pathKey))) {
      const rules = this.#byKey.get(key) ?? []
      this.#byKey.set(key, rules)
      rules.push(rule)
      this.#lengthMax = Math.max(this.#lengthMax, key.length)
    }
  }

  /** @returns a rule that comes before `best`; `undefined` when there is none. */
  find(path: string, asked: Asked, best: Rule | undefined): Rule | undefined {
    let first = best
    const end = Math.min(path.length, this.#lengthMax)
    for (let at = 0; at >= 0 && at <= end; at = nextEnd(path, at)) {
      const rules = this.#byKey.get(path.slice(0, at))
      if (rules !== undefined) first = firstOf(rules, path, asked, first)
    }
    return first === best ? undefined : first
  }
}

/** The end of the segment that begins at `at`; -1 behind the last one. */
function nextEnd(path: string, at: number): number {
  if (at >= path.length) return -1
  const slash = path.indexOf('/', at + 1)
  return slash < 0 ? path.length : slash
}

function firstOf(
  rules: readonly Rule[],
  path: string,
  asked: Asked,
  best: Rule | undefined,
): Rule | undefined {
  for (const rule of rules) {
    if (best !== undefined && rule.number > best.number) return best
    if (rule.suits(path, asked)) return rule
  }
  return best
}
