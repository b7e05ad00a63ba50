// A node's health as pure transitions: each function takes the present state and an observation, and returns the next
// state. The traffic reports failed connections and responses; control/watch.ts probes the node when `probeAt` is
// reached.

import type { Random } from '../base/clock.ts'
import type { HealthCheck } from './health-check.ts'

export type Health =
  | { readonly kind: 'up' }
  /** A fixed node before its first check or response. Used while no checked node is there. */
  | { readonly kind: 'unchecked' }
  /**
   * Still used: a response failed, or `misses` probes in a row did, fewer than the `fall` of the node's check. Probed at
   * `probeAt` (monotonic, ms). A probe that passes ends it; while `misses` is 0, so does a response.
   */
  | { readonly kind: 'suspect'; readonly misses: number; readonly probeAt: number }
  /**
   * Not used; probed again at `probeAt`. Times are monotonic, ms. `probes`: failed ones since it went down; `passes`:
   * successful ones in a row, absent for none. `refused`: the connection failed at once, as where nothing listens, so the
   * next one may succeed at any moment (candidacy/last-resort.ts).
   */
  | {
      readonly kind: 'down'
      readonly since: number
      readonly probes: number
      readonly passes?: number
      readonly probeAt: number
      readonly reason: string
      readonly refused?: boolean
    }

export interface HealthLimits {
  /**
   * Wait before the first probe of a node that is down, ms; doubled with each failed one, +-25 % jitter. Also the shortest
   * time between two probes because of failed responses. Default 250.
   */
  readonly backoffMs: number
  /** Longest wait between probes before jitter, ms. Default 2 000. */
  readonly backoffMaxMs: number
}

export const defaultHealthLimits: HealthLimits = {
  backoffMs: 250,
  backoffMaxMs: 2_000,
}

export const healthy: Health = { kind: 'up' }

export const unchecked: Health = { kind: 'unchecked' }

/** Why a node is down. */
interface Failure {
  /** For the log and the status page. */
  readonly reason: string
  /** See `Health`. */
  readonly refused: boolean
}

/** A connection failed: nothing listens there, so one failure is enough. */
export function onConnectFailed(
  health: Health,
  failure: Failure,
  now: number,
  random: Random,
  limits: HealthLimits,
): Health {
  if (health.kind === 'down') return health
  return down(0, now, now, failure, random, limits)
}

/** A connection was made to a node that is down: a probe is due, which decides. */
export const onReached = (health: Health, now: number): Health =>
  health.kind === 'down' && health.probeAt > now ? { ...health, probeAt: now } : health

/**
 * A connection was made, but no complete response arrived. However often that happens, it makes the node suspect at
 * most, because one client can cause it by requests that are slow or crash; the node is due for a probe, which decides.
 * Without probes (check `none`, or an embedded proxy without a watch) such a node stays in use: only failed connections
 * make it down, and outlier ejection excludes it while most of its responses fail and those of other nodes do not.
 * @returns the same object when nothing is to be reported: the node is down, or its probe is due or was due just now.
 */
export function onAnswerFailed(health: Health, now: number, { backoffMs }: HealthLimits): Health {
  // The first check of a node that is unchecked is due already.
  if (health.kind === 'down' || health.kind === 'unchecked') return health
  if (health.kind === 'suspect' && now < health.probeAt + backoffMs) return health
  return { kind: 'suspect', misses: health.kind === 'suspect' ? health.misses : 0, probeAt: now }
}

/**
 * A complete response arrived. It does not end `down`, since it may have been sent before; a probe does. Nor does it
 * end misses: a node that still serves may answer its health check by a status that takes it out.
 */
export function onAnswered(health: Health): Health {
  if (health.kind === 'unchecked') return healthy
  return health.kind === 'suspect' && health.misses === 0 ? healthy : health
}

/** The result of a probe. */
export interface ProbeOutcome {
  readonly answered: boolean
  /** For the log and the status page. */
  readonly reason: string
  /** No connection is possible: nothing listens there. */
  readonly unreachable?: boolean
  /** What was late, when the deadline ended the probe. */
  readonly late?: 'connection' | 'answer'
}

/**
 * A probe of a node has ended. A node to which no connection is possible is down at once, and so is one whose first check
 * fails.
 */
export function onProbed(
  health: Health,
  { answered, reason, unreachable, late }: ProbeOutcome,
  { rise, fall, intervalMs }: Pick<HealthCheck, 'rise' | 'fall' | 'intervalMs'>,
  now: number,
  random: Random,
  limits: HealthLimits,
): Health {
  const failure = { reason, refused: unreachable === true && late === undefined }
  if (health.kind === 'down') {
    if (!answered) return down(health.probes + 1, health.since, now, failure, random, limits)
    const passes = (health.passes ?? 0) + 1
    return passes >= rise ? healthy : { ...health, passes, probeAt: now + intervalMs }
  }
  if (answered) return healthy
  if (health.kind === 'unchecked') return down(0, now, now, failure, random, limits)
  const misses = health.kind === 'suspect' ? health.misses + 1 : 1
  if (misses >= fall || unreachable === true) return down(0, now, now, failure, random, limits)
  const waitMs = Math.min(intervalMs, limits.backoffMs * 2 ** misses)
  return { kind: 'suspect', misses, probeAt: now + waitMs }
}

function down(
  probes: number,
  since: number,
  now: number,
  failure: Failure,
  random: Random,
  limits: HealthLimits,
): Health {
  const wait = Math.min(limits.backoffMaxMs, limits.backoffMs * 2 ** Math.min(probes, 20))
  // Jitter: nodes that went down at the same time are not all probed at the same time.
  return { kind: 'down', since, probes, probeAt: now + wait * (0.75 + random() * 0.5), ...failure }
}
