// What a proxy knows of one key of the shared store: what it has seen there, and what it has accepted itself and has
// still to write. Two rules keep all proxies equal and lose nothing that was accepted: of two versions the one with the later order
// counts, and a version is written only upon the revision that its writer has seen. Pure.

import { compareOrder, type Order } from './order.ts'

export interface Version {
  readonly order: Order
  readonly text: string
}

/** The last that was seen in the store; without `version` and `unusable` the key was deleted. */
export interface Seen {
  readonly revision: number
  /** Of an unusable record: what was known before it. */
  readonly version?: Version
  /** `foreign`: of another version of Topspin, which reads it, so it is not written over. `broken`: the next message mends it. */
  readonly unusable?: 'foreign' | 'broken'
}

export interface Known {
  /** Absent: never seen, or its revision is of a store that is no more. */
  readonly seen?: Seen
  /** Accepted by this proxy and not in the store, which has an earlier one or none. */
  readonly unwritten?: Version
}

export const nothingKnown: Known = {}

/** The version that counts. */
export const versionOf = ({ seen, unwritten }: Known): Version | undefined =>
  unwritten ?? seen?.version

/** The revision upon which the next version is to be written; 0: the key must not exist. */
export const revisionOf = ({ seen }: Known): number => seen?.revision ?? 0

/**
 * After something was seen in the store. A revision that is not later than the last one is no news. An earlier order than the
 * one that is known means that the store has lost a write or was made anew: the later one has to be written again.
 */
export function onSeen(known: Known, seen: Seen): Known {
  if (seen.revision <= revisionOf(known)) return known
  const present = versionOf(known)
  if (seen.unusable !== undefined) return keeping(withVersion(seen, present), known.unwritten)
  if (seen.version === undefined) return keeping(seen, known.unwritten)
  const isLater = present !== undefined && compareOrder(present.order, seen.version.order) > 0
  return keeping(seen, isLater ? present : undefined)
}

/** After this proxy has accepted a version that the store could not take. */
export const onAccepted = ({ seen }: Known, unwritten: Version): Known => keeping(seen, unwritten)

/** The key is not in the store any more, and nobody has deleted it: its revision means nothing, the version counts. */
export const onLost = (known: Known): Known => keeping(undefined, versionOf(known))

const withVersion = (seen: Seen, version: Version | undefined): Seen =>
  version === undefined ? seen : { ...seen, version }

function keeping(seen: Seen | undefined, unwritten: Version | undefined): Known {
  return {
    ...(seen === undefined ? {} : { seen }),
    ...(unwritten === undefined ? {} : { unwritten }),
  }
}
