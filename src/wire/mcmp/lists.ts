// Parsers for structured values: comma-separated aliases and contexts, and hosts in brackets (mcmp.md 1.3). Called by the
// parsers of CONFIG, *-APP and PING.

import { byteLength, fieldBytesMax } from './fields.ts'
import { type McmpProblem, problem, tooBig } from './problem.ts'

/** The items of all values of one key, each once; aliases are compared case-insensitively. */
export class ItemList {
  readonly items: string[] = []
  readonly #name: 'Alias' | 'Context'
  readonly #seen: Set<string> = new Set()

  constructor(name: 'Alias' | 'Context') {
    this.#name = name
  }

  /** Appends the items of a value. */
  add(value: string): McmpProblem | undefined {
    const name = this.#name
    const bytesMax = name === 'Alias' ? fieldBytesMax.alias : fieldBytesMax.context
    for (const item of value.split(',')) {
      if (item === '') return problem('SYNTAX', `TODO: Empty ${name} is not allowed`)
      if (byteLength(item) > bytesMax) return tooBig(name)
      const key = name === 'Alias' ? item.toLowerCase() : item
      if (this.#seen.has(key)) continue
      this.#seen.add(key)
      this.items.push(item)
    }
    return undefined
  }
}

/** A host without the brackets and the zone of an IPv6 address. */
export function readHost(value: string): string {
  const match = /^\[([^\]%]{0,63})(?:%[^\]]{0,63})?\]$/.exec(value)
  return match === null ? value : match[1]!
}
