// Which cascade holds for which path: that of the longest configured path in which the request's lies,
// and no other (a path's own list replaces the one above it). Immutable; a reload makes another one.

import { pathKey } from '../cluster/context.ts'
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
  readonly #byPath: ReadonlyMap<string, Cascade>
  readonly #all: readonly Cascade[]
  readonly #depthMax: number
  readonly #root: Cascade

  /**
   * @param entries one of them for `/`; the last of two for the same path counts.
   * @throws RangeError for a function that does not exist, a bad argument, or without an entry for `/`.
   */
  constructor(entries: readonly CascadeEntry[], means: Means, onFailure: OnFailure) {
    const made = entries.map(({ path, candidacy }) => {
      const cascade = new Cascade(stepsOf(candidacy, means), onFailure)
      return [pathKey(path), cascade] as const
    })
    this.#byPath = new Map(made)
    this.#all = [...this.#byPath.values()]
    this.#depthMax = Math.max(...made.map(([path]) => path.split('/').length))
    const root = this.#byPath.get('')
    if (root === undefined) throw new RangeError('there is no cascade for /')
    this.#root = root
  }

  /** The same cascade holds for all paths. */
  get isSingle(): boolean {
    return this.#byPath.size === 1
  }

  /** Nothing is balanced, whatever the path. */
  get isOff(): boolean {
    return this.#all.every((cascade) => cascade.isOff)
  }

  /** @param path decoded, without query and parameters. */
  find(path: string): Cascade {
    if (this.isSingle) return this.#root
    let rest = path
    // Nothing is configured deeper than depthMax, so a path of a thousand slashes costs no thousand look-ups.
    if (rest.length > 64) rest = rest.split('/', this.#depthMax + 1).join('/')
    while (rest !== '') {
      const found = this.#byPath.get(rest)
      if (found !== undefined) return found
      rest = rest.slice(0, rest.lastIndexOf('/'))
    }
    return this.#root
  }

  /**
   * The number (see `at`) of the cascade that holds for this path and all below it; -1 when it is not one and
   * the same for all of them, so that `find` must be asked. For whoever looks up once what many requests use.
   */
  numberBelow(path: string): number {
    const key = pathKey(path)
    const isSplit = [...this.#byPath.keys()].some((other) => other.startsWith(`${key}/`))
    return isSplit ? -1 : this.#all.indexOf(this.find(key))
  }

  at(number: number): Cascade {
    return this.#all[number] ?? this.#root
  }
}

function stepsOf(candidacy: readonly string[], means: Means): Cascade['steps'] {
  return candidacy.map((text) => {
    const made = readStep(text)
    if (typeof made === 'string') throw new RangeError(made)
    return made(means)
  })
}
