// The rules of a configuration, compiled. A reload replaces them as a whole.

import type { Asked } from './asked.ts'
import { Rule } from './rule.ts'
import { RuleIndex } from './rule-index.ts'
import type { RuleSettings } from './rule-settings.ts'

export class Rules {
  /** Some rule asks for a host or a path. */
  readonly readsHosts: boolean
  readonly readsPaths: boolean
  readonly #index: RuleIndex

  /** @throws RangeError for an address or network that does not exist. */
  constructor(settings: readonly RuleSettings[]) {
    this.readsHosts = settings.some(({ match }) => match.hosts.length > 0)
    this.readsPaths = settings.some(({ match }) => match.exact || match.paths.some(isNotRoot))
    this.#index = new RuleIndex(settings.map((entry, index) => new Rule(entry, index)))
  }

  /** The first rule that the request meets. */
  find(path: string, host: string, asked: Asked): Rule | undefined {
    return this.#index.find(path, host, asked)
  }
}

const isNotRoot = (path: string): boolean => path !== '/'

/** `undefined` without rules: then a request costs nothing more. */
export const rulesOf = (settings: readonly RuleSettings[]): Rules | undefined =>
  settings.length === 0 ? undefined : new Rules(settings)
