// A proxy's copy of the shared store: each key as this proxy knows it. Pure.

import { compareOrder } from './order.ts'
import type { Version } from './versions.ts'
import {
  type Known,
  nothingKnown,
  onAccepted,
  onLost,
  onSeen,
  revisionOf,
  type Seen,
  versionOf,
} from './versions.ts'

export class Replica {
  readonly #known: Map<string, Known> = new Map()
  /** Keys with a version that this proxy has still to write, and may. */
  readonly #unwritten: Set<string> = new Set()
  /** Keys that were seen since the listing began; `undefined`: none is under way. */
  #listed: Set<string> | undefined
  #store: string | undefined

  version(key: string): Version | undefined {
    return versionOf(this.#of(key))
  }

  /** Upon which the next version is written. */
  revision(key: string): number {
    return revisionOf(this.#of(key))
  }

  get unwritten(): ReadonlySet<string> {
    return this.#unwritten
  }

  /** Another version of Topspin has written the record: this one does not write over it. */
  isForeign(key: string): boolean {
    return this.#of(key).seen?.unusable === 'foreign'
  }

  isUnwritten(key: string): boolean {
    return this.#unwritten.has(key)
  }

  keys(): Iterable<string> {
    return this.#known.keys()
  }

  /** Raised when the store was made anew: what it answered before means nothing. */
  generation = 0

  /** @returns whether another version counts now. */
  see(key: string, seen: Seen): boolean {
    const isListed = this.#listed !== undefined && !this.#listed.has(key)
    this.#listed?.add(key)
    if (isListed) return this.find(key, seen)
    const before = this.version(key)
    this.#set(key, onSeen(this.#of(key), seen))
    return before?.text !== this.version(key)?.text
  }

  /**
   * What is there now: told by a listing, or by the store when it was asked. A store that lost its last writes gives their
   * revisions to others, so what was seen before counts as lost unless it is the same.
   * @returns whether another version counts now.
   */
  find(key: string, found: Seen): boolean {
    const before = this.version(key)
    const { seen } = this.#of(key)
    if (seen !== undefined && found.revision <= seen.revision && !isSame(seen, found))
      this.lose(key)
    this.#set(key, onSeen(this.#of(key), found))
    return before?.text !== this.version(key)?.text
  }

  accept(key: string, version: Version): void {
    this.#set(key, onAccepted(this.#of(key), version))
  }

  /** The key is not in the store any more. */
  lose(key: string): void {
    this.#set(key, onLost(this.#of(key)))
  }

  /** A listing begins. @param store another one than before: its revisions mean nothing. */
  beginListing(store: string): void {
    if (this.#store !== undefined && this.#store !== store) {
      this.generation += 1
      for (const key of [...this.#known.keys()]) this.lose(key)
    }
    this.#store = store
    this.#listed = new Set()
  }

  /** What was not told is not in the store any more, and is written again. */
  endListing(): void {
    const listed = this.#listed
    this.#listed = undefined
    if (listed === undefined) return
    for (const [key, { seen }] of [...this.#known])
      if (seen !== undefined && !listed.has(key)) this.lose(key)
  }

  #of(key: string): Known {
    return this.#known.get(key) ?? nothingKnown
  }

  #set(key: string, known: Known): void {
    if (known.unwritten === undefined || known.seen?.unusable === 'foreign')
      this.#unwritten.delete(key)
    else this.#unwritten.add(key)
    if (known.seen === undefined && known.unwritten === undefined) this.#known.delete(key)
    else this.#known.set(key, known)
  }
}

const isSame = (a: Seen, b: Seen): boolean =>
  a.revision === b.revision &&
  a.unusable === b.unusable &&
  (a.unusable !== undefined || isSameVersion(a.version, b.version))

const isSameVersion = (a: Version | undefined, b: Version | undefined): boolean =>
  a?.text === b?.text &&
  (a === undefined || b === undefined || compareOrder(a.order, b.order) === 0)
