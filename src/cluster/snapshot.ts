// The state of the cluster at one moment, and the steps between two moments. Pure: the registry makes
// changes, everyone who holds a snapshot (the proxy, in each process that carries traffic) applies the same
// ones in order.

import type { Balancer } from './balancer.ts'
import type { Context } from './context.ts'
import type { Node } from './node.ts'

export interface Snapshot {
  /** Counts the changes applied since the empty snapshot. */
  readonly version: number
  readonly balancers: ReadonlyMap<string, Balancer>
  /** By `node.id`, in table order (slot). Marked and forgotten nodes included. */
  readonly nodes: ReadonlyMap<number, Node>
  /** By `node.id`; a node without contexts may be absent. */
  readonly contexts: ReadonlyMap<number, readonly Context[]>
}

export type Change =
  /** A balancer is new or rewritten. */
  | { readonly kind: 'balancer'; readonly balancer: Balancer }
  /** A node is new (its id is) or rewritten. */
  | { readonly kind: 'node'; readonly node: Node }
  /** A node's line is gone for good, with its contexts. */
  | { readonly kind: 'gone'; readonly id: number }
  /** All contexts of a node, as they are after this step. */
  | { readonly kind: 'contexts'; readonly id: number; readonly contexts: readonly Context[] }
  /** A node reported its load factor: -1 broken, 0 standby, 1..100 more is freer. Live, not kept in the snapshot. */
  | { readonly kind: 'load'; readonly id: number; readonly factor: number }

export const emptySnapshot: Snapshot = {
  version: 0,
  balancers: new Map(),
  nodes: new Map(),
  contexts: new Map(),
}

/** The snapshot after one change; the given one stays as it was. */
export function applyChange(snapshot: Snapshot, change: Change): Snapshot {
  const version = snapshot.version + 1
  switch (change.kind) {
    case 'balancer': {
      const balancers = new Map(snapshot.balancers).set(change.balancer.name, change.balancer)
      return { ...snapshot, version, balancers }
    }
    case 'node': {
      const nodes = new Map(snapshot.nodes).set(change.node.id, change.node)
      return { ...snapshot, version, nodes: inTableOrder(nodes) }
    }
    case 'gone': {
      const nodes = new Map(snapshot.nodes)
      const contexts = new Map(snapshot.contexts)
      nodes.delete(change.id)
      contexts.delete(change.id)
      return { ...snapshot, version, nodes, contexts }
    }
    case 'contexts': {
      const contexts = new Map(snapshot.contexts).set(change.id, change.contexts)
      return { ...snapshot, version, contexts }
    }
    case 'load':
      return snapshot
    default:
      return change satisfies never
  }
}

/** The registered node with this route; marked ones count, forgotten ones do not. */
export function findNode(snapshot: Snapshot, route: string): Node | undefined {
  for (const node of snapshot.nodes.values()) {
    if (node.route === route && node.removal !== 'forgotten') return node
  }
  return undefined
}

function inTableOrder(nodes: Map<number, Node>): Map<number, Node> {
  return new Map([...nodes].sort(([, a], [, b]) => a.slot - b.slot))
}
