// One rule, compiled once for each configuration.

import { deniedBy, type Limit, limitOf } from './access.ts'
import type { Asked } from './asked.ts'
import { Compression } from './compression.ts'
import { type Condition, conditionsOf } from './conditions.ts'
import { type ErrorPages, errorPagesOf } from './error-page.ts'
import { type FieldEdits, fieldEditsOf } from './field-edits.ts'
import { Logins } from './logins.ts'
import { type OwnAnswer, ownAnswerOf } from './own-answers.ts'
import type { RuleSettings } from './rule-settings.ts'

export class Rule {
  /** Its place in the list, from 1. */
  readonly number: number
  readonly settings: RuleSettings
  /** Its name, or its number where it has none: for logs. */
  readonly label: string
  /** As `routes[2]`. */
  readonly setting: string
  /** The only balancer that may serve the request. */
  readonly balancer: string | undefined
  readonly answer: OwnAnswer | undefined
  readonly isDenied: ((address: string) => boolean) | undefined
  readonly limit: Limit | undefined
  readonly logins: Logins | undefined
  readonly errorPages: ErrorPages | undefined
  readonly compression: Compression | undefined
  readonly requestEdits: FieldEdits | undefined
  readonly responseEdits: FieldEdits | undefined
  /** Values of the request have to be kept. */
  readonly readsValues: boolean
  readonly #conditions: readonly Condition[]

  /** @throws RangeError for an address or network that does not exist, and for a field that is none. */
  constructor(settings: RuleSettings, index: number) {
    this.number = index + 1
    this.settings = settings
    this.label = settings.name || String(this.number)
    this.setting = `routes[${index}]`
    this.balancer = settings.balancer
    this.answer = settings.answer && ownAnswerOf(settings.answer)
    this.isDenied = deniedBy(settings, this.setting)
    this.limit = settings.rateLimit && limitOf(settings.rateLimit)
    this.logins = settings.auth && new Logins(settings.auth)
    this.errorPages = errorPagesOf(settings.errors ?? [])
    this.compression = settings.compress && new Compression(settings.compress)
    this.requestEdits = fieldEditsOf(settings.requestHeaders)
    this.responseEdits = fieldEditsOf(settings.responseHeaders)
    this.readsValues =
      this.requestEdits?.readsValues === true || this.responseEdits?.readsValues === true
    this.#conditions = conditionsOf(settings.match, `${this.setting}.match.client`)
  }

  /** Whether a request within its path meets the rest. @param path decoded. */
  suits(path: string, asked: Asked): boolean {
    const { exact, paths } = this.settings.match
    if (exact && !paths.includes(path === '' ? '/' : path)) return false
    for (const holds of this.#conditions) if (!holds(asked)) return false
    return true
  }

  /** As `rule 3 (api)`. */
  get title(): string {
    const { name } = this.settings
    return name === '' ? `rule ${this.number}` : `rule ${this.number} (${name})`
  }
}
