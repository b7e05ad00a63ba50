// Adapts the state of an earlier run of the proxy. Called by server/start-serving.ts before and after `Registry.restore`.

import type { LiveTable } from './live.ts'
import type { Node } from './node.ts'
import type { Change, Snapshot } from './snapshot.ts'

/** Drops balancers without nodes: they stay while a proxy runs, and their number is limited. */
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

/** Leaves nodes out, with everything about them. */
export function withoutNodes(
  changes: readonly Change[],
  isRefused: (node: Node) => boolean,
): readonly Change[] {
  const refused = new Set(
    changes.flatMap((change) =>
      change.kind === 'node' && isRefused(change.node) ? change.node.id : [],
    ),
  )
  return changes.filter((change) => {
    if (change.kind === 'node') return !refused.has(change.node.id)
    return !('id' in change) || !refused.has(change.id)
  })
}

/**
 * Marks all nodes except the fixed ones as unconfirmed until their next STATUS.
 * @param now monotonic time, ms; counts as the last STATUS of nodes that reported in the earlier run.
 */
export function markRestored(snapshot: Snapshot, live: LiveTable, now: number): void {
  for (const node of snapshot.nodes.values()) {
    if (node.fixed) continue
    const row = live.of(node.id)
    row.unconfirmed = true
    if (row.loadFactor !== undefined) row.statusAt = now
  }
}
