// What an earlier run of the proxy has left behind, and what that means in this one. Called by server/serving.ts
// around `Registry.restore`.

import type { LiveTable } from './live.ts'
import type { Change, Snapshot } from './snapshot.ts'

/** Without the balancers in which no node is left: while a proxy runs they stay, and their number is limited. */
export function withoutIdleBalancers(changes: readonly Change[]): readonly Change[] {
  const used = new Set(
    changes.flatMap((change) => (change.kind === 'node' ? change.node.balancer : [])),
  )
  let slot = 0
  return changes.flatMap((change): readonly Change[] => {
    if (change.kind !== 'balancer') return [change]
    if (!used.has(change.balancer.name)) return []
    return [{ kind: 'balancer', balancer: { ...change.balancer, slot: slot++ } }]
  })
}

/**
 * Marks all nodes but the configured ones as unconfirmed until their next STATUS.
 * @param now monotonic ms; a node that reported in the earlier run has from now on as long as any other.
 */
export function markRestored(snapshot: Snapshot, live: LiveTable, now: number): void {
  for (const node of snapshot.nodes.values()) {
    if (node.fixed) continue
    const row = live.of(node.id)
    row.unconfirmed = true
    if (row.loadFactor !== undefined) row.statusAt = now
  }
}
