// Changes on their way to a worker or to the state file: a later change replaces an earlier one of the same thing, so
// that their number is bounded by the size of the cluster. Pure.

import type { Change } from './snapshot.ts'

export class ChangeSet {
  /** By kind and subject, in the order of the first change: a node stands before its contexts. */
  readonly #changes: Map<Key, Change> = new Map()

  add(change: Change): void {
    this.#changes.set(keyOf(change), change)
    if (change.kind !== 'gone') return
    this.#changes.delete(rowKey('contexts', change.id))
    this.#changes.delete(rowKey('load', change.id))
  }

  /** The changes so far, of which none is left afterwards. */
  flush(): Change[] {
    const changes = [...this.#changes.values()]
    this.#changes.clear()
    return changes
  }
}

type Key = string | number

/** A number, since thousands of nodes report their load every second. */
const rowKey = (kind: 'node' | 'contexts' | 'load', id: number): number =>
  3 * id + (kind === 'node' ? 0 : kind === 'contexts' ? 1 : 2)

/** Changes with the same key replace each other. */
function keyOf(change: Change): Key {
  switch (change.kind) {
    case 'balancer':
      return `balancer ${change.balancer.name}`
    case 'balancer-gone':
      return `balancer ${change.name}`
    case 'node':
      return rowKey('node', change.node.id)
    case 'gone':
      return rowKey('node', change.id)
    case 'orders':
      return `orders ${change.orders.route}`
    case 'contexts':
    case 'load':
      return rowKey(change.kind, change.id)
    default:
      return change satisfies never
  }
}
