// An immutable map of which a changed copy costs about the same at any size: small native maps as the leaves of a tree by
// hash. Snapshots and routes are made of them, so that a change does not copy what it does not touch.

type Key = string | number

/** Up to this number of entries the map is one native map, which is copied as a whole. */
const leafMax = 64
/** A branch has 16 subtrees, for four bits of the hash. */
const bits = 4
const fanOut = 1 << bits
/** Bits of the hash: below them, a leaf takes any number of entries. */
const hashBits = 32

type Leaf<K, V> = ReadonlyMap<K, V>

interface Branch<K, V> {
  readonly size: number
  readonly trees: readonly Tree<K, V>[]
}

/** TypeScript before 5.6 has no `MapIterator`. */
type Entries<K, V> = ReturnType<ReadonlyMap<K, V>['entries']>

type Tree<K, V> = Leaf<K, V> | Branch<K, V>

export class PersistentMap<K extends Key, V> implements ReadonlyMap<K, V> {
  /** No # field: two maps with the same entries are equal for `deepEqual`, too. */
  private readonly root: Tree<K, V>

  private constructor(root: Tree<K, V>) {
    this.root = root
  }

  static from<K extends Key, V>(entries: Iterable<readonly [K, V]> = []): PersistentMap<K, V> {
    return new PersistentMap(treeOf(new Map(entries), 0))
  }

  get size(): number {
    return this.root.size
  }

  get(key: K): V | undefined {
    let tree = this.root
    if (tree instanceof Map) return tree.get(key)
    let hash = hashOf(key)
    while (isBranch(tree)) {
      tree = tree.trees[hash & (fanOut - 1)] as Tree<K, V>
      hash >>>= bits
    }
    return tree.get(key)
  }

  has(key: K): boolean {
    return this.get(key) !== undefined
  }

  /** A copy with this entry. @param value not `undefined`. */
  with(key: K, value: V): PersistentMap<K, V> {
    return new PersistentMap(withEntry(this.root, hashOf(key), 0, key, value))
  }

  /** A copy without this key; the same map when it does not have it. */
  without(key: K): PersistentMap<K, V> {
    if (!this.has(key)) return this
    return new PersistentMap(withoutKey(this.root, hashOf(key), key))
  }

  entries(): Entries<K, V> {
    return entriesOf(this.root) as Entries<K, V>
  }

  [Symbol.iterator](): Entries<K, V> {
    return this.entries()
  }

  *keys(): ReturnType<ReadonlyMap<K, V>['keys']> {
    for (const leaf of leavesOf(this.root)) yield* leaf.keys()
    return undefined
  }

  *values(): ReturnType<ReadonlyMap<K, V>['values']> {
    for (const leaf of leavesOf(this.root)) yield* leaf.values()
    return undefined
  }

  forEach(call: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) call(value, key, this)
  }
}

const isBranch = <K, V>(tree: Tree<K, V>): tree is Branch<K, V> => !(tree instanceof Map)

/** The same tree as for entries that are put in one by one. @param depth bits of the hash that lead to it. */
function treeOf<K extends Key, V>(entries: Leaf<K, V>, depth: number): Tree<K, V> {
  if (entries.size <= leafMax || depth >= hashBits) return entries
  const { size, trees } = split(entries, depth)
  return { size, trees: trees.map((tree) => treeOf(tree, depth + bits)) }
}

/** @param depth bits of the hash that lead to this tree; they are no longer in `hash`. */
function withEntry<K extends Key, V>(
  tree: Tree<K, V>,
  hash: number,
  depth: number,
  key: K,
  value: V,
): Tree<K, V> {
  if (isBranch(tree)) {
    const at = hash & (fanOut - 1)
    const before = tree.trees[at] as Tree<K, V>
    const after = withEntry(before, hash >>> bits, depth + bits, key, value)
    return { size: tree.size + after.size - before.size, trees: tree.trees.with(at, after) }
  }
  if (tree.size < leafMax || tree.has(key) || depth >= hashBits)
    return new Map(tree).set(key, value)
  return withEntry(split(tree, depth), hash, depth, key, value)
}

function split<K extends Key, V>(
  leaf: Leaf<K, V>,
  depth: number,
): { readonly size: number; readonly trees: readonly Map<K, V>[] } {
  const trees = Array.from({ length: fanOut }, () => new Map<K, V>())
  for (const [key, value] of leaf) {
    trees[(hashOf(key) >>> depth) & (fanOut - 1)]?.set(key, value)
  }
  return { size: leaf.size, trees }
}

/** The tree has the key. */
function withoutKey<K extends Key, V>(tree: Tree<K, V>, hash: number, key: K): Tree<K, V> {
  if (!isBranch(tree)) {
    const leaf = new Map(tree)
    leaf.delete(key)
    return leaf
  }
  const at = hash & (fanOut - 1)
  const after = withoutKey(tree.trees[at] as Tree<K, V>, hash >>> bits, key)
  const branch = { size: tree.size - 1, trees: tree.trees.with(at, after) }
  // Equal maps have equal trees: a map that fits into one leaf is one leaf.
  return branch.size > leafMax ? branch : new Map(entriesOf(branch))
}

function* entriesOf<K, V>(tree: Tree<K, V>): Generator<[K, V], undefined> {
  for (const leaf of leavesOf(tree)) yield* leaf
  return undefined
}

/** All at once: a generator in each branch would pass each entry on at each depth. */
function leavesOf<K, V>(tree: Tree<K, V>, leaves: Leaf<K, V>[] = []): readonly Leaf<K, V>[] {
  if (isBranch(tree)) for (const each of tree.trees) leavesOf(each, leaves)
  else leaves.push(tree)
  return leaves
}

/** FNV-1a for strings, a multiplication for numbers; both mixed, since the lowest bits choose the subtree. */
function hashOf(key: Key): number {
  let hash = 0x811c9dc5
  if (typeof key === 'number') hash = key
  else
    for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return (hash ^ (hash >>> 15)) >>> 0
}
