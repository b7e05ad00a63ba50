// The nodes of a snapshot: by id, by route and by address, in order of their rows. Immutable; a changed copy costs about
// the same at any number of nodes.

import { addressKey } from '../base/host-port.ts'
import type { Node } from './node.ts'
import { PersistentMap } from './persistent-map.ts'
import { RowSet } from './row-set.ts'

type Address = Pick<Node, 'host' | 'port'>

export class NodeTable {
  /** No # fields: two tables of the same nodes are equal for `deepEqual`, too. */
  private readonly byId: PersistentMap<number, Node>
  /** Without forgotten nodes, whose routes may be those of others. */
  private readonly byRoute: PersistentMap<string, Node>
  private readonly byAddress: PersistentMap<string, readonly Node[]>
  private readonly rows: RowSet
  /** In order of `slot`; made when it is first needed. */
  #inOrder: readonly Node[] | undefined

  private constructor(
    byId: PersistentMap<number, Node>,
    byRoute: PersistentMap<string, Node>,
    byAddress: PersistentMap<string, readonly Node[]>,
    rows: RowSet,
  ) {
    this.byId = byId
    this.byRoute = byRoute
    this.byAddress = byAddress
    this.rows = rows
  }

  static readonly empty: NodeTable = new NodeTable(
    PersistentMap.from(),
    PersistentMap.from(),
    PersistentMap.from(),
    RowSet.empty,
  )

  /** The table of these nodes; of two with the same id the last counts. */
  static from(nodes: Iterable<Node>): NodeTable {
    const byId = new Map<number, Node>()
    for (const node of nodes) byId.set(node.id, node)
    const all = [...byId.values()]
    const named = all.filter(({ removal }) => removal !== 'forgotten')
    const byAddress = new Map<string, Node[]>()
    for (const node of all.sort(bySlot)) {
      const key = addressKey(node)
      const there = byAddress.get(key)
      if (there === undefined) byAddress.set(key, [node])
      else there.push(node)
    }
    return new NodeTable(
      PersistentMap.from(byId),
      PersistentMap.from(named.map((node) => [node.route, node])),
      PersistentMap.from(byAddress),
      RowSet.empty.with(
        [],
        all.map(({ slot }) => slot),
      ),
    )
  }

  get size(): number {
    return this.byId.size
  }

  get(id: number): Node | undefined {
    return this.byId.get(id)
  }

  has(id: number): boolean {
    return this.byId.has(id)
  }

  /** The node with this route; nodes marked for removal are found, forgotten ones are not. */
  withRoute(route: string): Node | undefined {
    return this.byRoute.get(route)
  }

  /** The nodes at an address, of any type and phase of removal, in order of `slot`. */
  at(address: Address): readonly Node[] {
    return this.byAddress.get(addressKey(address)) ?? nobody
  }

  /** The lowest row that no node has. */
  get freeSlot(): number {
    return this.rows.lowestFree()
  }

  /** In no order, so that nothing is sorted. */
  ids(): IterableIterator<number> {
    return this.byId.keys()
  }

  /** In no order, as `ids`. */
  unordered(): IterableIterator<Node> {
    return this.byId.values()
  }

  /** In order of `slot`. */
  values(): IterableIterator<Node> {
    return this.#ordered().values()
  }

  *keys(): IterableIterator<number> {
    for (const { id } of this.#ordered()) yield id
  }

  *[Symbol.iterator](): IterableIterator<[number, Node]> {
    for (const node of this.#ordered()) yield [node.id, node]
  }

  /** A copy with this node, in place of the one with its id. */
  with(node: Node): NodeTable {
    const before = this.byId.get(node.id)
    const key = addressKey(node)
    const address = withoutAddress(this.byAddress, before)
    const there = [...(address.get(key) ?? nobody), node].sort(bySlot)
    const route = withoutRoute(this.byRoute, before)
    return new NodeTable(
      this.byId.with(node.id, node),
      node.removal === 'forgotten' ? route : route.with(node.route, node),
      address.with(key, there),
      this.rows.with(before === undefined ? [] : [before.slot], [node.slot]),
    )
  }

  without(id: number): NodeTable {
    const before = this.byId.get(id)
    if (before === undefined) return this
    return new NodeTable(
      this.byId.without(id),
      withoutRoute(this.byRoute, before),
      withoutAddress(this.byAddress, before),
      this.rows.with([before.slot], []),
    )
  }

  #ordered(): readonly Node[] {
    this.#inOrder ??= [...this.byId.values()].sort(bySlot)
    return this.#inOrder
  }
}

const nobody: readonly Node[] = []

const bySlot = (a: Node, b: Node): number => a.slot - b.slot

function withoutRoute(
  byRoute: PersistentMap<string, Node>,
  node: Node | undefined,
): PersistentMap<string, Node> {
  return node !== undefined && byRoute.get(node.route)?.id === node.id
    ? byRoute.without(node.route)
    : byRoute
}

function withoutAddress(
  byAddress: PersistentMap<string, readonly Node[]>,
  node: Node | undefined,
): PersistentMap<string, readonly Node[]> {
  if (node === undefined) return byAddress
  const key = addressKey(node)
  const others = (byAddress.get(key) ?? nobody).filter(({ id }) => id !== node.id)
  return others.length === 0 ? byAddress.without(key) : byAddress.with(key, others)
}
