// What is known of nodes that an earlier run of the proxy has left behind: they are used at once, but nobody
// has heard of them since. Called by cli/serving.ts after `Registry.restore`.

import type { LiveTable } from './live.ts'
import type { Snapshot } from './snapshot.ts'

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
