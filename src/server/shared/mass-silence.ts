// Whether so many nodes stop reporting at a time that the fault is not theirs: a proxy that is gone, or a network that is cut.
// Pure; used by shared-service.ts.

import { sharedLimits } from '../../base/limits.ts'
import type { LiveTable } from '../../cluster/live.ts'
import type { Snapshot } from '../../cluster/snapshot.ts'

/** @param now monotonic, ms. @param timeoutMs after which a node is silent. */
export function isMassSilence(
  { nodes }: Snapshot,
  live: LiveTable,
  now: number,
  timeoutMs: number,
): boolean {
  let reporting = 0
  let due = 0
  for (const { id, removal } of nodes.values()) {
    const { statusAt, silent } = live.of(id)
    if (removal !== 'none' || statusAt === undefined || silent) continue
    reporting += 1
    if (now - statusAt >= timeoutMs - sharedLimits.massSilenceMs) due += 1
  }
  return due > 1 && due > reporting * sharedLimits.massSilence
}
