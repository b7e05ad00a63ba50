// Values by path, found by the longest path in which a request's path lies. A path is a prefix that ends where a
// segment ends: `/shop` holds for `/shop` and `/shop/cart`, not for `/shopping`. Keys are as `pathKey` returns them;
// '' is the root and holds for everything. Used for contexts, for cascades, and for the paths that peers announce.

import { PersistentMap } from './persistent-map.ts'

const SLASH = 0x2f

/** A path longer than this is cut to the depth of the deepest key before the search, in characters. */
const plainLengthMax = 64

/** Whether `path` is `key` or lies below it. */
export function isWithin(path: string, key: string): boolean {
  return (
    path.startsWith(key) && (path.length === key.length || path.charCodeAt(key.length) === SLASH)
  )
}

export class PathMap<Value> {
  #byKey: PersistentMap<string, Value> = PersistentMap.from()
  /** Segments of the deepest key, the empty one before the first slash included. */
  #depth = 0

  get size(): number {
    return this.#byKey.size
  }

  entries(): Iterable<readonly [string, Value]> {
    return this.#byKey
  }

  keys(): Iterable<string> {
    return this.#byKey.keys()
  }

  values(): Iterable<Value> {
    return this.#byKey.values()
  }

  /** @param key as `pathKey` returns it. */
  set(key: string, value: Value): void {
    this.#byKey = this.#byKey.with(key, value)
    this.#depth = Math.max(this.#depth, key.split('/').length)
  }

  /** A copy with this value; `undefined` removes the key. */
  with(key: string, value: Value | undefined): PathMap<Value> {
    const map = new PathMap<Value>()
    map.#byKey = this.#byKey
    map.#depth = this.#depth
    if (value === undefined) map.#byKey = map.#byKey.without(key)
    else map.set(key, value)
    return map
  }

  /** The value of exactly this key. */
  get(key: string): Value | undefined {
    return this.#byKey.get(key)
  }

  /**
   * The value of the longest key that `path` lies in; `undefined` when there is none. At most one look-up for each
   * segment of the deepest key, so that a path of a thousand slashes costs no thousand look-ups.
   * @param path decoded, without query and parameters.
   */
  find(path: string): Value | undefined {
    const byKey = this.#byKey
    let rest = path
    if (rest.length > plainLengthMax) rest = rest.split('/', this.#depth + 1).join('/')
    while (rest !== '') {
      const found = byKey.get(rest)
      if (found !== undefined) return found
      rest = rest.slice(0, lastSlash(rest))
    }
    return byKey.get('')
  }

  /** As `find`, of that of which `part` is not `undefined`: the part. */
  findPart<Part>(path: string, part: (value: Value) => Part | undefined): Part | undefined {
    let rest = path.split('/', this.#depth + 1).join('/')
    while (true) {
      const value = this.#byKey.get(rest)
      const found = value === undefined ? undefined : part(value)
      if (found !== undefined || rest === '') return found
      rest = rest.slice(0, lastSlash(rest))
    }
  }
}

/** A loop, because `lastIndexOf` leaves the compiled code for a call into the engine, at each request. */
function lastSlash(path: string): number {
  let at = path.length - 1
  while (at > 0 && path.charCodeAt(at) !== SLASH) at--
  return Math.max(0, at)
}
