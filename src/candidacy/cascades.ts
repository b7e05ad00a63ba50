// The cascades of a configuration by path. The cascade of the longest configured path that contains the request's path
// applies, alone: a path's own list replaces the one above it. Immutable; a reload makes new ones.

import { pathKey } from '../cluster/context.ts'
import { isWithin, PathMap } from '../cluster/path-map.ts'
import type { Application } from '../cluster/routes.ts'
import type { Means } from './candidacy.ts'
import { Cascade, type OnFailure } from './compose.ts'
import { readStep } from './read.ts'

/** One line of the configuration. */
export interface CascadeEntry {
  /** `/`, or a prefix of whole segments: `/shop` applies to `/shop` and `/shop/cart`. */
  readonly path: string
  /** Functions with their arguments: `['byAge 6', 'byRandom']`. */
  readonly candidacy: readonly string[]
}

export class Cascades {
  /** The cascade of `/`. */
  readonly root: Cascade
  /** One cascade applies to all paths. */
  readonly isSingle: boolean
  /** No path is balanced: all cascades are `off`. */
  readonly isOff: boolean
  readonly #byPath: PathMap<Cascade> = new PathMap()

  /**
   * @param entries one of them for `/`; of two for the same path the last applies.
   * @param onFailure called for each failure of a function; must not throw.
   * @throws RangeError for an unknown function, a bad argument, or when there is no entry for `/`.
   */
  constructor(entries: readonly CascadeEntry[], means: Means, onFailure: OnFailure) {
    for (const { path, candidacy } of entries) {
      this.#byPath.set(pathKey(path), new Cascade(stepsOf(candidacy, means), onFailure))
    }
    const root = this.#byPath.get('')
    if (root === undefined) throw new RangeError('there is no cascade for /')
    this.root = root
    this.isSingle = this.#byPath.size === 1
    this.isOff = [...this.#byPath.values()].every((cascade) => cascade.isOff)
  }

  /** @param path decoded, without query and parameters. */
  find(path: string): Cascade {
    return this.isSingle ? this.root : (this.#byPath.find(path) ?? this.root)
  }

  /**
   * The cascade of the path of an application and of all paths below; `undefined` where they have several, so that `find`
   * has to be called for each request. Found once for each application.
   */
  of({ path, derived }: Pick<Application, 'path' | 'derived'>): Cascade | undefined {
    if (this.isSingle) return this.root
    if (derived.by !== this) {
      const keys = [...this.#byPath.keys()]
      const isSplit = keys.some((key) => key !== path && isWithin(key, path))
      derived.value = isSplit ? undefined : this.find(path)
      derived.by = this
    }
    return derived.value as Cascade | undefined
  }
}

function stepsOf(candidacy: readonly string[], means: Means): Cascade['steps'] {
  return candidacy.map((text) => {
    const made = readStep(text)
    if (typeof made === 'string') throw new RangeError(made)
    return made(means)
  })
}
