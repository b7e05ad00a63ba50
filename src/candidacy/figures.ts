// The figures that candidacy functions order by, for peers and for nodes alike. What only one of them
// tells has a stand-in for the other: the table is in docs/candidacy.md.

import { latencyNow } from '../cluster/latency.ts'
import type { Resources } from '../wire/announcement.ts'
import type { Candidate } from './candidacy.ts'
import { predictedLoad } from './prediction.ts'

/** What is announced; `undefined` for a node, which announces nothing. */
const resourcesOf = (candidate: Candidate): Resources | undefined =>
  candidate.peer?.announcement.resources

/**
 * Time since it last said something about itself, ms. A node that never does (a fixed one) is fresh.
 * @param now monotonic ms.
 */
export function ageOf({ peer, live }: Candidate, now: number): number {
  if (peer !== undefined) return peer.isSelf ? 0 : Math.max(0, now - peer.receivedAt)
  return live.statusAt === undefined ? 0 : Math.max(0, now - live.statusAt)
}

/** Runnable jobs: the announced load average with what is predicted on top; a node's requests in flight. */
export function loadOf(candidate: Candidate): number {
  const { peer, live } = candidate
  return peer === undefined
    ? live.inFlight
    : peer.announcement.resources.load + predictedLoad(candidate)
}

/** Requests being served: announced slots in use, a node's requests in flight. */
export function busyOf(candidate: Candidate): number {
  return resourcesOf(candidate)?.slotsInUse ?? candidate.live.inFlight
}

/** Idle share of the processors, 0..1; a node's load factor says as much. */
export function idleOf(candidate: Candidate): number {
  return resourcesOf(candidate)?.cpuIdle ?? Math.max(0, candidate.live.loadFactor ?? 0) / 100
}

/** Used share of the memory, 0..1; 0 for a node. */
export function memoryUsedOf(candidate: Candidate): number {
  const resources = resourcesOf(candidate)
  if (resources === undefined || resources.memoryTotal <= 0) return 0
  return Math.min(1, Math.max(0, 1 - resources.memoryAvailable / resources.memoryTotal))
}

/** Power of two not below the highest load seen; for a node, not below its present one. */
export function loadHighOf(candidate: Candidate): number {
  const high = resourcesOf(candidate)?.loadHigh
  if (high !== undefined) return Math.max(1, high)
  return 2 ** Math.ceil(Math.log2(Math.max(1, candidate.live.inFlight)))
}

/**
 * Requests that it serves in a second one after the other, as a peer measures; of a node, from the pace that
 * it reports. 0 when that is not known yet.
 */
function speedOf(candidate: Candidate): number {
  const speed = resourcesOf(candidate)?.speed
  // A peer that has not measured yet says 1.
  if (speed !== undefined) return speed === 1 ? 0 : speed
  const { pace } = candidate.live.report
  return pace > 0 ? 1_000 / pace : 0
}

/** Mean of the speeds that are known; 1 when none is. */
export function usualSpeed(candidates: readonly Candidate[]): number {
  let sum = 0
  let known = 0
  for (let i = 0; i < candidates.length; i++) {
    const speed = speedOf(candidates[i] as Candidate)
    if (speed <= 0) continue
    sum += speed
    known++
  }
  return known === 0 ? 1 : sum / known
}

/** The speed beside others: who has not measured yet is taken to be as quick as is usual. */
export function speedIn(candidate: Candidate, usual: number): number {
  return speedOf(candidate) || usual
}

export function coresOf(candidate: Candidate): number {
  return Math.max(1, resourcesOf(candidate)?.cores ?? 1)
}

/**
 * Share of the work: of a peer, speed x cores; of a node, its load factor, of which 0 (standby) and -1
 * (broken) are next to nothing.
 */
export function weightIn(candidate: Candidate, usual: number): number {
  if (candidate.peer !== undefined) return speedIn(candidate, usual) * coresOf(candidate)
  return Math.max(0.001, candidate.live.loadFactor ?? 0)
}

/** By what it is known: a peer's announced name, a node's route. */
export function nameOf({ peer, node }: Candidate): string {
  return peer?.announcement.name ?? node.route
}

/** Requests in flight there, as far as it is known here at this moment: own ones; of this server, all. */
export const inFlightOf = ({ live }: Candidate): number => live.inFlight

/** Peak-sensitive average of what was measured here, ms; else what a peer announces; 0 when neither is. */
export function latencyOf({ peer, live }: Candidate, now: number): number {
  if (live.latency.ms > 0) return latencyNow(live.latency, now)
  return peer?.announcement.resources.serviceTimeMs ?? 0
}
