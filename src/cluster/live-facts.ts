// Facts about nodes that are no changes of the registry: down and silent. The watch or the traffic of one process finds
// them; they are sent to all other processes that serve traffic.

import { healthy } from './health.ts'
import type { LiveTable, NodeLive } from './live.ts'
import type { Snapshot } from './snapshot.ts'

/** The state of a node that all processes share. */
export interface LiveFact {
  readonly id: number
  /** The reason why it is down; absent while it is up. */
  readonly down?: string
  /** STATUS stopped (see `NodeLive.silent`). */
  readonly silent: boolean
}

export function factOf(id: number, { health, silent }: NodeLive): LiveFact {
  return health.kind === 'down' ? { id, down: health.reason, silent } : { id, silent }
}

/** The facts about the nodes that are down or silent: a new process assumes that all are up and report. */
export function factsFrom(snapshot: Snapshot, live: LiveTable): readonly LiveFact[] {
  return [...snapshot.nodes.keys()]
    .map((id) => factOf(id, live.of(id)))
    .filter((fact) => fact.down !== undefined || fact.silent)
}

/**
 * Applies a fact. The epoch of a node that becomes eligible by it is raised, as in `applyToLive`.
 * @param now monotonic ms of this process; clocks of two processes cannot be compared.
 */
export function applyFact(live: NodeLive, fact: LiveFact, now: number): void {
  const wasDown = live.health.kind === 'down'
  if (fact.down === undefined) {
    if (wasDown) live.health = healthy
  } else if (!wasDown) {
    // Only the primary sends probes.
    live.health = { kind: 'down', since: now, probes: 0, probeAt: Infinity, reason: fact.down }
  }
  const isDown = fact.down !== undefined
  if (wasDown !== isDown || (live.silent && !fact.silent)) live.epoch++
  live.silent = fact.silent
}
