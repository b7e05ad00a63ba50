// Which balancers have a path, with one node of each: for the warning that a path is in two balancers. One look-up instead
// of a search among all nodes.

import type { Node } from '../node.ts'
import type { Change, Snapshot } from '../snapshot.ts'

export class PathOwners {
  /** By path and balancer, the id of the node that had a change of its contexts last. */
  readonly #byPath: Map<string, Map<string, number>> = new Map()

  update(changes: readonly Change[], before: Snapshot, after: Snapshot): void {
    for (const change of changes) {
      if (change.kind !== 'contexts' && change.kind !== 'gone') continue
      this.#forget(change.id, before)
      this.#note(change.id, after)
    }
  }

  /** A node of another balancer that has one of these paths; of several nodes it may miss one whose fellow has left. */
  other(
    paths: readonly string[],
    balancer: string,
    { nodes }: Snapshot,
  ): { readonly path: string; readonly node: Node } | undefined {
    for (const path of paths) {
      for (const [other, id] of this.#byPath.get(path) ?? []) {
        const node = other === balancer ? undefined : nodes.get(id)
        if (node?.balancer === other) return { path, node }
      }
    }
    return undefined
  }

  #note(id: number, { nodes, contexts }: Snapshot): void {
    const balancer = nodes.get(id)?.balancer
    if (balancer === undefined) return
    for (const { path } of contexts.get(id) ?? []) {
      const owners = this.#byPath.get(path) ?? new Map<string, number>()
      this.#byPath.set(path, owners.set(balancer, id))
    }
  }

  #forget(id: number, { nodes, contexts }: Snapshot): void {
    const balancer = nodes.get(id)?.balancer
    if (balancer === undefined) return
    for (const { path } of contexts.get(id) ?? []) {
      const owners = this.#byPath.get(path)
      if (owners?.get(balancer) !== id) continue
      owners.delete(balancer)
      if (owners.size === 0) this.#byPath.delete(path)
    }
  }
}
