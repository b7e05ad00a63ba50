// The header fields that a rule sets, adds and removes, compiled.

import { fieldLine } from '../../wire/http/field-lines.ts'
import type { FieldEditSettings } from './rule-settings.ts'
import { type RuleValues, type Template, templateOf } from './template.ts'

export class FieldEdits {
  /** Names in lower case: of what is removed, and of what is set. */
  readonly removed: readonly Buffer[]
  /** The lines depend on the request. */
  readonly readsValues: boolean
  readonly #fields: readonly (readonly [name: string, value: Template])[]
  readonly #lines: Buffer | undefined

  /** @throws RangeError for a field that is not canonical. */
  constructor({ set, add, remove }: FieldEditSettings) {
    const names = new Set(
      [...remove, ...set.map(([name]) => name)].map((name) => name.toLowerCase()),
    )
    this.removed = [...names].map((name) => Buffer.from(name))
    this.#fields = [...set, ...add].map(([name, value]) => [name, templateOf(value)])
    this.readsValues = this.#fields.some(([, { render }]) => render !== undefined)
    this.#lines = this.readsValues ? undefined : this.#write(undefined)
  }

  /**
   * The lines that are put behind the others.
   * @throws RangeError when a value cannot be one of a field.
   */
  lines(values: RuleValues | undefined): Buffer {
    return this.#lines ?? this.#write(values)
  }

  #write(values: RuleValues | undefined): Buffer {
    return Buffer.concat(
      this.#fields.map(([name, { render, text }]) =>
        fieldLine(name, render === undefined ? text : values === undefined ? '' : render(values)),
      ),
    )
  }
}

/** `undefined` when nothing is to be done. */
export const fieldEditsOf = (settings: FieldEditSettings | undefined): FieldEdits | undefined =>
  settings === undefined ? undefined : new FieldEdits(settings)
