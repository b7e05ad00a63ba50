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
  /** Down, and connections fail at once (see `Health`). */
  readonly refused?: true
  /** No check and no response has shown its state. */
  readonly unchecked?: true
  /** STATUS stopped (see `NodeLive.silent`). */
  readonly silent: boolean
}

export function factOf(id: number, { health, silent }: NodeLive): LiveFact {
  if (health.kind === 'unchecked') return { id, unchecked: true, silent }
  if (health.kind !== 'down') return { id, silent }
  const { reason, refused } = health
  return { id, down: reason, ...(refused === true ? { refused } : {}), silent }
}

/**
 * The facts that a new process does not assume: it takes fixed nodes for unchecked, and all others for nodes that are up
 * and report.
 */
export function factsFrom(snapshot: Snapshot, live: LiveTable): readonly LiveFact[] {
  return [...snapshot.nodes.values()]
    .map(({ id, own }) => ({ own, fact: factOf(id, live.of(id)) }))
    .filter(({ own, fact }) =>
      own === undefined || fact.unchecked === true ? fact.down !== undefined || fact.silent : true,
    )
    .map(({ fact }) => fact)
}

/**
 * Applies a fact. The epoch of a node that becomes eligible by it is raised, as in `applyToLive`.
 * @param now monotonic ms of this process; clocks of two processes cannot be compared.
 */
export function applyFact(live: NodeLive, fact: LiveFact, now: number): void {
  const wasDown = live.health.kind === 'down'
  const wasUnchecked = live.health.kind === 'unchecked'
  if (fact.down === undefined) {
    if (wasDown || (wasUnchecked && fact.unchecked !== true)) live.health = healthy
  } else if (!wasDown) {
    // Only the primary sends probes.
    const { down: reason, refused = false } = fact
    live.health = { kind: 'down', since: now, probes: 0, probeAt: Infinity, reason, refused }
  }
  const isDown = fact.down !== undefined
  const isChecked = wasUnchecked && live.health.kind === 'up'
  if (isChecked || (wasDown && !isDown)) live.upAt = now
  if (wasDown !== isDown || isChecked || (live.silent && !fact.silent)) live.epoch++
  live.silent = fact.silent
}
