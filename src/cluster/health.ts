// A node's health as pure transitions: each function takes the present state and an observation, and returns the next
// state. The traffic reports failed connections and responses; control/watch.ts probes the node when `probeAt` is
// reached.

import type { Random } from '../base/clock.ts'
import type { HealthCheck } from './health-check.ts'

export type Health =
  | { readonly kind: 'up' }
  /**
   * Still used: `failures` responses failed, fewer than `failuresMax` in a row, and `misses` probes, fewer than the
   * `fall` of the node's check in a row.
   */
  | { readonly kind: 'suspect'; readonly failures: number; readonly misses: number }
  /**
   * Not used; probed again at `probeAt`. Times are monotonic, ms. `probes`: failed ones since it went down; `passes`:
   * successful ones in a row, absent for none.
   */
  | {
      readonly kind: 'down'
      readonly since: number
      readonly probes: number
      readonly passes?: number
      readonly probeAt: number
      readonly reason: string
    }

export interface HealthLimits {
  /** Failed responses in a row after which a node that accepts connections is down. Default 3. */
  readonly failuresMax: number
  /** Wait before the first probe, ms; doubled with each failed one, +-25 % jitter. Default 250. */
  readonly backoffMs: number
  /** Longest wait between probes before jitter, ms. Default 10 000. */
  readonly backoffMaxMs: number
}

export const defaultHealthLimits: HealthLimits = {
  failuresMax: 3,
  backoffMs: 250,
  backoffMaxMs: 10_000,
}

export const healthy: Health = { kind: 'up' }

/** A connection failed: nothing listens there, so one failure is enough. */
export function onConnectFailed(
  health: Health,
  reason: string,
  now: number,
  random: Random,
  limits: HealthLimits,
): Health {
  if (health.kind === 'down') return health
  return down(0, now, now, reason, random, limits)
}

/** A connection was made, but no complete response arrived. */
export function onAnswerFailed(
  health: Health,
  reason: string,
  now: number,
  random: Random,
  limits: HealthLimits,
): Health {
  if (health.kind === 'down') return health
  const { failures: before, misses } = health.kind === 'suspect' ? health : none
  const failures = before + 1
  if (failures < limits.failuresMax) return suspect(failures, misses)
  return down(0, now, now, reason, random, limits)
}

/**
 * A complete response arrived. It does not end `down`, since it may have been sent before; a probe does. Nor does it
 * end misses: a node that still serves may answer its health check by a status that takes it out.
 */
export function onAnswered(health: Health): Health {
  if (health.kind !== 'suspect' || health.failures === 0) return health
  return health.misses === 0 ? healthy : suspect(0, health.misses)
}

/** The result of a probe. */
export interface ProbeOutcome {
  readonly answered: boolean
  /** For the log and the status page. */
  readonly reason: string
  /** The answer was a response, and not only an established connection. */
  readonly responded?: boolean
  /** No connection is possible: nothing listens there. */
  readonly unreachable?: boolean
}

/** A probe of a node has ended. A node to which no connection is possible is down at once. */
export function onProbed(
  health: Health,
  { answered, reason, responded, unreachable }: ProbeOutcome,
  { rise, fall, intervalMs }: Pick<HealthCheck, 'rise' | 'fall' | 'intervalMs'>,
  now: number,
  random: Random,
  limits: HealthLimits,
): Health {
  if (health.kind === 'down') {
    if (!answered) return down(health.probes + 1, health.since, now, reason, random, limits)
    const passes = (health.passes ?? 0) + 1
    return passes >= rise ? healthy : { ...health, passes, probeAt: now + intervalMs }
  }
  const { failures, misses: before } = health.kind === 'suspect' ? health : none
  // An accepted connection does not clear failed responses.
  if (answered) return failures > 0 && responded !== true ? suspect(failures, 0) : healthy
  const misses = before + 1
  if (misses < fall && unreachable !== true) return suspect(failures, misses)
  return down(0, now, now, reason, random, limits)
}

/** How soon a node that is not down is probed again because a probe failed, ms; infinite when none failed. */
export function nextProbeMs(
  health: Health,
  { intervalMs }: Pick<HealthCheck, 'intervalMs'>,
  { backoffMs }: HealthLimits,
): number {
  if (health.kind !== 'suspect' || health.misses === 0) return Number.POSITIVE_INFINITY
  return Math.min(intervalMs, backoffMs * 2 ** health.misses)
}

const none = { failures: 0, misses: 0 }

const suspect = (failures: number, misses: number): Health => ({
  kind: 'suspect',
  failures,
  misses,
})

function down(
  probes: number,
  since: number,
  now: number,
  reason: string,
  random: Random,
  limits: HealthLimits,
): Health {
  const wait = Math.min(limits.backoffMaxMs, limits.backoffMs * 2 ** Math.min(probes, 20))
  // Jitter: nodes that went down at the same time are not all probed at the same time.
  return { kind: 'down', since, probes, probeAt: now + wait * (0.75 + random() * 0.5), reason }
}
