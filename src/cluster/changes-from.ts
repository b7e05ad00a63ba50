// The whole state as a list of changes: for the state file, and for worker processes that start later. Pure; the inverse of
// `applyChange` and `applyToLive`.

import type { LiveTable } from './live.ts'
import type { Change, Snapshot } from './snapshot.ts'

/** Applied to the empty snapshot and an empty table they result in equal balancers, orders, nodes, contexts and load factors. */
export function changesFrom(snapshot: Snapshot, live: LiveTable): readonly Change[] {
  const changes: Change[] = []
  for (const balancer of snapshot.balancers.values()) changes.push({ kind: 'balancer', balancer })
  for (const orders of snapshot.orders.values()) changes.push({ kind: 'orders', orders })
  for (const node of snapshot.nodes.values()) changes.push({ kind: 'node', node })
  for (const [id, contexts] of snapshot.contexts) changes.push({ kind: 'contexts', id, contexts })
  for (const { id, own } of snapshot.nodes.values()) {
    // The weight of the entry, which is part of the node.
    if (own !== undefined) continue
    const { loadFactor: factor, isDefaultLoad } = live.of(id)
    if (factor === undefined) continue
    changes.push({ kind: 'load', id, factor, ...(isDefaultLoad ? { isDefault: true } : {}) })
  }
  return changes
}
