// Named cascades of the proxy: in the configuration, `auto` stands for its functions.

/** The default: `byRoom` estimates the free capacity of each node. */
export const autoCascade: readonly string[] = [
  'usable',
  'bySession',
  'active',
  'byDomain',
  'byRoom',
]

/** mod_cluster's rule: shares of the requests in proportion to the load factors. */
export const modClusterCascade: readonly string[] = [
  'usable',
  'bySession',
  'byDomain',
  'byLoadFactor',
]

/** Keys in lower case: names are compared case-insensitively. */
const byName: ReadonlyMap<string, readonly string[]> = new Map([
  ['auto', autoCascade],
  ['mod_cluster', modClusterCascade],
])

export const cascadeNames: readonly string[] = [...byName.keys()]

export const isCascadeName = (text: string): boolean => byName.has(text.trim().toLowerCase())

/** Replaces the name of a cascade by its functions; returns any other list unchanged. */
export function expandCascade(candidacy: readonly string[]): readonly string[] {
  const [only] = candidacy
  if (only === undefined || candidacy.length > 1) return candidacy
  return byName.get(only.trim().toLowerCase()) ?? candidacy
}
