// Which keys differ between two configurations: for the reload, which tells what needs a new start. Pure.

import { isDeepStrictEqual } from 'node:util'

/** Dotted paths of the leaves that differ, in the order of `after`. */
export function changedKeys(before: object, after: object, above: string = ''): string[] {
  const old = new Map<string, unknown>(Object.entries(before))
  const now = new Map<string, unknown>(Object.entries(after))
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((key) => {
    const [a, b] = [old.get(key), now.get(key)]
    const path = `${above}${key}`
    if (isSection(a) && isSection(b)) return changedKeys(a, b, `${path}.`)
    return isDeepStrictEqual(a, b) ? [] : [path]
  })
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
