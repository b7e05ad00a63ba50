// What the primary knows of a node beside the changes: whether it is down or silent. The watch and the
// traffic find it out in one process; this is how every other process that serves traffic learns it.

import { healthy } from './health.ts'
import type { LiveTable, NodeLive } from './live.ts'
import type { Snapshot } from './snapshot.ts'

/** How a node is, as every process is to see it. */
export interface LiveFact {
  readonly id: number
  /** Why it is down; absent while it is not. */
  readonly down?: string
  readonly silent: boolean
}

export function factOf(id: number, { health, silent }: NodeLive): LiveFact {
  return health.kind === 'down' ? { id, down: health.reason, silent } : { id, silent }
}

/** The facts about all nodes that a new process would take for well and reporting. */
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
    // Only the primary probes, so there is no time at which this process would.
    live.health = { kind: 'down', since: now, probes: 0, probeAt: Infinity, reason: fact.down }
  }
  const isDown = fact.down !== undefined
  if (wasDown !== isDown || (live.silent && !fact.silent)) live.epoch++
  live.silent = fact.silent
}
