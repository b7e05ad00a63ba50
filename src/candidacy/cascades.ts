// Which cascade holds for which path: that of the longest configured path in which the request's lies,
// and no other (a path's own list replaces the one above it). Immutable; a reload makes another one.

import { pathKey } from '../cluster/context.ts'
import { isWithin, PathMap } from '../cluster/path-map.ts'
import type { Application } from '../cluster/routes.ts'
import type { Means } from './candidacy.ts'
import { Cascade, type OnFailure } from './compose.ts'
import { readStep } from './read.ts'

/** One line of the configuration. */
export interface CascadeEntry {
  /** `/` or a prefix that ends where a segment does: `/shop` is for `/shop` and `/shop/cart`. */
  readonly path: string
  /** Functions with their arguments: `['byAge 6', 'byRandom']`. */
  readonly candidacy: readonly string[]
}

export class Cascades {
  /** The cascade of `/`. */
  readonly root: Cascade
  /** The same cascade holds for all paths. */
  readonly isSingle: boolean
  /** Nothing is balanced, whatever the path. */
  readonly isOff: boolean
  readonly #byPath: PathMap<Cascade> = new PathMap()

  /**
   * @param entries one of them for `/`; the last of two for the same path counts.
   * @throws RangeError for a function that does not exist, a bad argument, or without an entry for `/`.
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
   * For each application the cascade of its path and all below it; `undefined` where that is not one and the same,
   * so that `find` decides for each request. Looked up once for each routes snapshot.
   */
  forApplications(applications: readonly Application[]): readonly (Cascade | undefined)[] {
    const keys = [...this.#byPath.keys()]
    const isSplit = (path: string): boolean =>
      keys.some((key) => key !== path && isWithin(key, path))
    return applications.map(({ path }) => (isSplit(path) ? undefined : this.find(path)))
  }
}

function stepsOf(candidacy: readonly string[], means: Means): Cascade['steps'] {
  return candidacy.map((text) => {
    const made = readStep(text)
    if (typeof made === 'string') throw new RangeError(made)
    return made(means)
  })
}
