// The state of the cluster at one moment, and the changes between two moments. Pure: the registry makes changes, and every
// process that has a snapshot applies the same ones in the same order.

import type { Balancer } from './balancer.ts'
import type { Context } from './context.ts'
import type { Node } from './node.ts'
import { NodeTable } from './node-table.ts'
import { areEmpty, type Orders } from './orders.ts'
import { PersistentMap } from './persistent-map.ts'
import { RowSet } from './row-set.ts'

export interface Snapshot {
  /** Number of changes since the empty snapshot. */
  readonly version: number
  readonly balancers: ReadonlyMap<string, Balancer>
  /** By `node.id`, in order of `slot`. Includes nodes in removal. */
  readonly nodes: NodeTable
  /** By `node.id`; nodes without contexts may be absent. */
  readonly contexts: PersistentMap<number, readonly Context[]>
  /** Rows in the tables of contexts and of hosts that contexts have. */
  readonly contextRows: RowSet
  readonly hostRows: RowSet
  /** Orders of operators by route, also for nodes that are not registered. */
  readonly orders: PersistentMap<string, Orders>
}

export type Change =
  /** A balancer is new or rewritten. */
  | { readonly kind: 'balancer'; readonly balancer: Balancer }
  /** A balancer without nodes is forgotten. */
  | { readonly kind: 'balancer-gone'; readonly name: string }
  /** A node is new or rewritten. */
  | { readonly kind: 'node'; readonly node: Node }
  /** A node is gone, with its contexts. */
  | { readonly kind: 'gone'; readonly id: number }
  /** All contexts of a node after the change. */
  | { readonly kind: 'contexts'; readonly id: number; readonly contexts: readonly Context[] }
  /** All orders of operators for a route after the change; the contexts under them follow. */
  | { readonly kind: 'orders'; readonly orders: Orders }
  /** A node reported its load factor (see `NodeLive.loadFactor`); not part of the snapshot. */
  | {
      readonly kind: 'load'
      readonly id: number
      readonly factor: number
      /** It comes from the default metrics of an agent alone, so it asks for no share of the requests. */
      readonly isDefault?: true
    }

export const emptySnapshot: Snapshot = {
  version: 0,
  balancers: new Map(),
  nodes: NodeTable.empty,
  contexts: PersistentMap.from(),
  contextRows: RowSet.empty,
  hostRows: RowSet.empty,
  orders: PersistentMap.from(),
}

/** The snapshot after a change; the given one is not modified. */
export function applyChange(snapshot: Snapshot, change: Change): Snapshot {
  const version = snapshot.version + 1
  switch (change.kind) {
    case 'balancer': {
      const balancers = new Map(snapshot.balancers).set(change.balancer.name, change.balancer)
      return { ...snapshot, version, balancers }
    }
    case 'balancer-gone': {
      const balancers = new Map(snapshot.balancers)
      balancers.delete(change.name)
      return { ...snapshot, version, balancers }
    }
    case 'node':
      return { ...snapshot, version, nodes: snapshot.nodes.with(change.node) }
    case 'gone':
      return {
        ...snapshot,
        version,
        nodes: snapshot.nodes.without(change.id),
        contexts: snapshot.contexts.without(change.id),
        ...rowsAfter(snapshot, change.id, []),
      }
    case 'contexts':
      return {
        ...snapshot,
        version,
        contexts: snapshot.contexts.with(change.id, change.contexts),
        ...rowsAfter(snapshot, change.id, change.contexts),
      }
    case 'orders':
      return { ...snapshot, version, orders: ordersAfter(snapshot, change.orders) }
    case 'load':
      return snapshot
    default:
      return change satisfies never
  }
}

/** The snapshot after changes. Those that begin with an empty one are thousands at a start, and are put in together. */
export function applyChanges(snapshot: Snapshot, changes: readonly Change[]): Snapshot {
  return snapshot === emptySnapshot ? snapshotOf(changes) : changes.reduce(applyChange, snapshot)
}

function snapshotOf(changes: readonly Change[]): Snapshot {
  let version = 0
  const balancers = new Map<string, Balancer>()
  const nodes = new Map<number, Node>()
  const contexts = new Map<number, readonly Context[]>()
  const orders = new Map<string, Orders>()
  for (const change of changes) {
    if (change.kind !== 'load') version += 1
    switch (change.kind) {
      case 'balancer':
        balancers.set(change.balancer.name, change.balancer)
        break
      case 'balancer-gone':
        balancers.delete(change.name)
        break
      case 'node':
        nodes.set(change.node.id, change.node)
        break
      case 'gone':
        nodes.delete(change.id)
        contexts.delete(change.id)
        break
      case 'contexts':
        contexts.set(change.id, change.contexts)
        break
      case 'orders':
        if (areEmpty(change.orders)) orders.delete(change.orders.route)
        else orders.set(change.orders.route, change.orders)
        break
      case 'load':
        break
      default:
        change satisfies never
    }
  }
  const rows = [...contexts.values()].flat()
  return {
    version,
    balancers,
    nodes: NodeTable.from(nodes.values()),
    contexts: PersistentMap.from(contexts),
    contextRows: RowSet.empty.with([], rows.map(contextRow)),
    hostRows: RowSet.empty.with([], rows.map(hostRow)),
    orders: PersistentMap.from(orders),
  }
}

/** The node with this route; nodes marked for removal are found, forgotten ones are not. */
export const findNode = ({ nodes }: Snapshot, route: string): Node | undefined =>
  nodes.withRoute(route)

function ordersAfter({ orders }: Snapshot, next: Orders): Snapshot['orders'] {
  return areEmpty(next) ? orders.without(next.route) : orders.with(next.route, next)
}

/** The rows in use when a node has these contexts. */
function rowsAfter(
  { contexts, contextRows, hostRows }: Snapshot,
  id: number,
  after: readonly Context[],
): Pick<Snapshot, 'contextRows' | 'hostRows'> {
  const before = contexts.get(id) ?? []
  return {
    contextRows: rowsWith(contextRows, before.map(contextRow), after.map(contextRow)),
    hostRows: rowsWith(hostRows, before.map(hostRow), after.map(hostRow)),
  }
}

/** Most changes of contexts are new statuses in the same rows. */
const rowsWith = (rows: RowSet, gone: readonly number[], taken: readonly number[]): RowSet =>
  gone.length === taken.length && gone.every((row, index) => row === taken[index])
    ? rows
    : rows.with(gone, taken)

const contextRow = ({ slot }: Context): number => slot
const hostRow = ({ hostSlot }: Context): number => hostSlot
