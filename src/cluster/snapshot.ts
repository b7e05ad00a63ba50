// The state of the cluster at one moment, and the changes between two moments. Pure: the registry makes changes, and every
// process that has a snapshot applies the same ones in the same order.

import type { Balancer } from './balancer.ts'
import type { Context } from './context.ts'
import type { Node } from './node.ts'

export interface Snapshot {
  /** Number of changes since the empty snapshot. */
  readonly version: number
  readonly balancers: ReadonlyMap<string, Balancer>
  /** By `node.id`, in order of `slot`. Includes nodes in removal. */
  readonly nodes: ReadonlyMap<number, Node>
  /** By `node.id`; nodes without contexts may be absent. */
  readonly contexts: ReadonlyMap<number, readonly Context[]>
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
  nodes: new Map(),
  contexts: new Map(),
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

/** The node with this route; nodes marked for removal are found, forgotten ones are not. */
export function findNode(snapshot: Snapshot, route: string): Node | undefined {
  for (const node of snapshot.nodes.values()) {
    if (node.route === route && node.removal !== 'forgotten') return node
  }
  return undefined
}

function inTableOrder(nodes: Map<number, Node>): Map<number, Node> {
  return new Map([...nodes].sort(([, a], [, b]) => a.slot - b.slot))
}
