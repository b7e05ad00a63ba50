// Collects the changes of one message, with the snapshot after them. Contexts are put under the orders of operators.

import { underOrders } from '../orders.ts'
import { applyChange, applyChanges, type Change, type Snapshot } from '../snapshot.ts'

type ContextsChange = Extract<Change, { kind: 'contexts' }>

export class Steps {
  readonly changes: Change[] = []
  readonly warnings: string[] = []
  snapshot: Snapshot

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot
  }

  apply(...changes: readonly Change[]): void {
    for (const change of changes) {
      const ordered = change.kind === 'contexts' ? this.#ordered(change) : change
      this.changes.push(ordered)
      this.snapshot = applyChange(this.snapshot, ordered)
    }
  }

  /** Changes that another registry has made, thousands at a start. */
  restore(changes: readonly Change[]): void {
    for (const change of changes) this.changes.push(change)
    this.snapshot = applyChanges(this.snapshot, changes)
    const ids = new Set(changes.flatMap((change) => (change.kind === 'contexts' ? change.id : [])))
    for (const id of ids) {
      const contexts = this.snapshot.contexts.get(id)
      if (contexts === undefined) continue
      const change = this.#ordered({ kind: 'contexts', id, contexts })
      if (change.contexts !== contexts) this.apply(change)
    }
  }

  #ordered(change: ContextsChange): ContextsChange {
    const { nodes, orders } = this.snapshot
    const route = nodes.get(change.id)?.route ?? ''
    const contexts = underOrders(change.contexts, orders.get(route))
    return contexts === change.contexts ? change : { ...change, contexts }
  }
}
