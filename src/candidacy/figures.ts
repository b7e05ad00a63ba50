// The figures that candidacy functions order by, for peers and nodes alike. A figure that only one of them reports has a
// substitute for the other; docs/candidacy.md has the table.

import { latencyNow } from '../cluster/latency.ts'
import type { Resources } from '../wire/announcement.ts'
import type { Candidate } from './candidacy.ts'
import { predictedLoad } from './prediction.ts'

/** The announced resources; `undefined` for a node, which announces none. */
const resourcesOf = (candidate: Candidate): Resources | undefined =>
  candidate.peer?.announcement.resources

/**
 * Time since the last announcement or STATUS, ms. 0 for this server and for nodes that never report, such as fixed ones.
 * @param now monotonic time, ms.
 */
export function ageOf({ peer, live }: Candidate, now: number): number {
  if (peer !== undefined) return peer.isSelf ? 0 : Math.max(0, now - peer.receivedAt)
  return live.statusAt === undefined ? 0 : Math.max(0, now - live.statusAt)
}

/** Runnable jobs: a peer's announced load average plus the predicted load; a node's requests in flight. */
export function loadOf(candidate: Candidate): number {
  const { peer, live } = candidate
  return peer === undefined
    ? live.inFlight
    : peer.announcement.resources.load + predictedLoad(candidate)
}

/** Requests in service: a peer's announced slots in use; a node's requests in flight. */
export function busyOf(candidate: Candidate): number {
  return resourcesOf(candidate)?.slotsInUse ?? candidate.live.inFlight
}

/** Idle share of the processors, 0..1; of a node, its load factor / 100. */
export function idleOf(candidate: Candidate): number {
  return resourcesOf(candidate)?.cpuIdle ?? Math.max(0, candidate.live.loadFactor ?? 0) / 100
}

/** Used share of the memory, 0..1; 0 for a node. */
export function memoryUsedOf(candidate: Candidate): number {
  const resources = resourcesOf(candidate)
  if (resources === undefined || resources.memoryTotal <= 0) return 0
  return Math.min(1, Math.max(0, 1 - resources.memoryAvailable / resources.memoryTotal))
}

/** A power of two, at least the highest load that a peer has seen; of a node, at least its present load. */
export function loadHighOf(candidate: Candidate): number {
  const high = resourcesOf(candidate)?.loadHigh
  if (high !== undefined) return Math.max(1, high)
  return 2 ** Math.ceil(Math.log2(Math.max(1, candidate.live.inFlight)))
}

/** Requests per second that a peer would serve one after the other, as it measures. 0 while unknown, as for nodes. */
function speedOf(candidate: Candidate): number {
  const speed = resourcesOf(candidate)?.speed ?? 0
  // A peer that has no measurement yet announces 1.
  return speed === 1 ? 0 : speed
}

/** Mean of the known speeds, requests per second; 1 when none is known. */
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

/** Speed, requests per second; `usual` while unknown. */
export function speedIn(candidate: Candidate, usual: number): number {
  return speedOf(candidate) || usual
}

export function coresOf(candidate: Candidate): number {
  return Math.max(1, resourcesOf(candidate)?.cores ?? 1)
}

/**
 * Share of the work: of a peer, speed x cores; of a node, its load factor, at least 0.001 so that standbys (0) and broken
 * nodes (-1) can be ordered too.
 */
export function weightIn(candidate: Candidate, usual: number): number {
  if (candidate.peer !== undefined) return speedIn(candidate, usual) * coresOf(candidate)
  return Math.max(0.001, candidate.live.loadFactor ?? 0)
}

/** A peer's announced name; a node's route. */
export function nameOf({ peer, node }: Candidate): string {
  return peer?.announcement.name ?? node.route
}

/** Requests of this process in flight there; for this server itself, all requests that it serves now. */
export const inFlightOf = ({ live }: Candidate): number => live.inFlight

/** Peak-sensitive average of the latency measured here, ms; without one, a peer's announced service time; else 0. */
export function latencyOf({ peer, live }: Candidate, now: number): number {
  if (live.latency.ms > 0) return latencyNow(live.latency, now)
  return peer?.announcement.resources.serviceTimeMs ?? 0
}
