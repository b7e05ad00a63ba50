// The only list of names: what a cascade in the configuration may say.

import { byDomain } from './by-domain.ts'
import { byLoadFactor } from './by-load-factor.ts'
import { bySession } from './by-session.ts'
import { bySessionId } from './by-session-id.ts'
import type { NamedCandidacy } from './compose.ts'
import { usable } from './usable.ts'

export const candidacies: ReadonlyMap<string, NamedCandidacy> = new Map(
  [
    { name: 'usable', apply: usable },
    { name: 'bySession', apply: bySession },
    { name: 'bySessionId', apply: bySessionId },
    { name: 'byDomain', apply: byDomain },
    { name: 'byLoadFactor', apply: byLoadFactor },
  ].map((candidacy) => [candidacy.name, candidacy]),
)

/** @throws RangeError that names what exists, for a name that does not. */
export function cascadeOf(names: readonly string[]): readonly NamedCandidacy[] {
  return names.map((name) => {
    const candidacy = candidacies.get(name)
    if (candidacy !== undefined) return candidacy
    const known = [...candidacies.keys()].join(', ')
    throw new RangeError(`no candidacy function called ${name}; there are ${known}`)
  })
}

/** mod_cluster's rule, the proxy's default. */
export const defaultCascade: readonly string[] = ['usable', 'bySession', 'byDomain', 'byLoadFactor']
