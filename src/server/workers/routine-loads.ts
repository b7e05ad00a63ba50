// Tells reports of load factors that only shift the shares of nodes from changes that workers must have at once. Thousands
// of nodes report all the time, and an order for each report would go to every worker. Pure. Used by worker-pool.ts.

import type { Change } from '../../cluster/snapshot.ts'

export class RoutineLoads {
  /** The last load factor of each node. */
  readonly #factors: Map<number, number> = new Map()

  /** To be called with all changes. @returns whether each is the report of a node that was active before and still is. */
  see(changes: readonly Change[]): boolean {
    let isRoutine = true
    for (const change of changes) {
      if (change.kind === 'gone') this.#factors.delete(change.id)
      if (change.kind !== 'load') {
        isRoutine = false
        continue
      }
      isRoutine &&= change.factor > 0 && (this.#factors.get(change.id) ?? 0) > 0
      this.#factors.set(change.id, change.factor)
    }
    return isRoutine
  }
}
