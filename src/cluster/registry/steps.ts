// Collects the changes of one message, with the snapshot after them. Contexts are put under the orders of operators.

import { underOrders } from '../orders.ts'
import { applyChange, type Change, type Snapshot } from '../snapshot.ts'

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

  #ordered(change: Extract<Change, { kind: 'contexts' }>): Change {
    const { nodes, orders } = this.snapshot
    const route = nodes.get(change.id)?.route ?? ''
    const contexts = underOrders(change.contexts, orders.get(route))
    return contexts === change.contexts ? change : { ...change, contexts }
  }
}
