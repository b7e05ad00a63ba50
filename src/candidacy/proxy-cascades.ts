// Cascades of the proxy that have a name: the configuration may say `auto` instead of its functions.

/** The default: `byRoom` learns how much room each node has. */
export const autoCascade: readonly string[] = [
  'usable',
  'bySession',
  'active',
  'byDomain',
  'byRoom',
]

/** mod_cluster's rule: each node gets the share of the requests that its load factor asks for. */
export const modClusterCascade: readonly string[] = [
  'usable',
  'bySession',
  'byDomain',
  'byLoadFactor',
]

/** In lower case: names are compared without regard to case. */
const byName: ReadonlyMap<string, readonly string[]> = new Map([
  ['auto', autoCascade],
  ['mod_cluster', modClusterCascade],
])

export const isCascadeName = (text: string): boolean => byName.has(text.trim().toLowerCase())

/** The functions of a cascade that is given by its name; any other one as it is. */
export function expandCascade(candidacy: readonly string[]): readonly string[] {
  const [only] = candidacy
  if (only === undefined || candidacy.length > 1) return candidacy
  return byName.get(only.trim().toLowerCase()) ?? candidacy
}
