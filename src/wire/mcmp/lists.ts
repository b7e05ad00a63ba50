// Fields whose values have an inner structure: comma lists of aliases and contexts, and bracketed hosts
// (mcmp.md 1.3). Called by the parsers of CONFIG, *-APP and PING.

import { byteLength, fieldBytesMax } from './fields.ts'
import { type Problem, problem, tooBig } from './problem.ts'

/** Appends the items of one value to those of earlier keys, each once; aliases without regard to case. */
export function addItems(
  name: 'Alias' | 'Context',
  value: string,
  into: string[],
): Problem | undefined {
  const bytesMax = name === 'Alias' ? fieldBytesMax.alias : fieldBytesMax.context
  const fold = (item: string): string => (name === 'Alias' ? item.toLowerCase() : item)
  const seen = new Set(into.map(fold))
  for (const item of value.split(',')) {
    if (item === '') return problem('SYNTAX', `TODO: Empty ${name} is not allowed`)
    if (byteLength(item) > bytesMax) return tooBig(name)
    if (seen.has(fold(item))) continue
    seen.add(fold(item))
    into.push(item)
  }
  return undefined
}

/** A host as it is dialled: brackets and the zone of a bracketed IPv6 address taken off. */
export function readHost(value: string): string {
  const match = /^\[([^\]%]*)(?:%[^\]]*)?\]$/.exec(value)
  return match === null ? value : match[1]!
}
