// A node's health as pure transitions: each function takes the present state and an observation, and returns the next state.
// The traffic reports failed connections and responses; control/watch.ts sends `OPTIONS *` when `probeAt` is reached.

import type { Random } from '../base/clock.ts'

export type Health =
  | { readonly kind: 'up' }
  /** Responses failed, but fewer than `failuresMax` in a row: still used. */
  | { readonly kind: 'suspect'; readonly failures: number }
  /** Not used; probed again at `probeAt`. Times are monotonic, ms. `probes`: failed ones since it went down. */
  | {
      readonly kind: 'down'
      readonly since: number
      readonly probes: number
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
  const failures = health.kind === 'suspect' ? health.failures + 1 : 1
  if (failures < limits.failuresMax) return { kind: 'suspect', failures }
  return down(0, now, now, reason, random, limits)
}

/** A complete response arrived. It does not end `down`, since it may have been sent before; a probe does. */
export function onAnswered(health: Health): Health {
  return health.kind === 'suspect' ? healthy : health
}

/** The result of a probe; any HTTP response counts as answered. */
export function onProbed(
  health: Health,
  answered: boolean,
  reason: string,
  now: number,
  random: Random,
  limits: HealthLimits,
): Health {
  if (answered) return healthy
  if (health.kind !== 'down') return down(0, now, now, reason, random, limits)
  return down(health.probes + 1, health.since, now, reason, random, limits)
}

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
