// A node's health as pure transitions: what traffic and probes saw goes in, the next state comes out.
// The proxy observes (failed connections and answers), the prober asks `OPTIONS *` when `probeAt` comes.

import type { Random } from '../base/clock.ts'

export type Health =
  | { readonly kind: 'up' }
  /** Answers failed, but fewer than it takes: still used. */
  | { readonly kind: 'suspect'; readonly failures: number }
  /** Not used; asked again at `probeAt` (monotonic ms). */
  | {
      readonly kind: 'down'
      readonly since: number
      readonly probes: number
      readonly probeAt: number
      readonly reason: string
    }

export interface HealthLimits {
  /** Failed answers in a row until a node that accepts connections is taken for down. Default 3. */
  readonly failuresMax: number
  /** First wait before a probe, ms; doubles with each failed one. Default 250. */
  readonly backoffMs: number
  /** Longest wait between probes, ms. Default 10_000. */
  readonly backoffMaxMs: number
}

export const defaultHealthLimits: HealthLimits = {
  failuresMax: 3,
  backoffMs: 250,
  backoffMaxMs: 10_000,
}

export const healthy: Health = { kind: 'up' }

/** A connection could not be made: nobody listens, so one failure is enough. */
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

/** A connection was made, but no complete answer came back. */
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

/** A complete answer came back to a request. An answer that was already on its way does not end `down`: the probe decides. */
export function onAnswered(health: Health): Health {
  return health.kind === 'suspect' ? healthy : health
}

/** A probe was answered (any HTTP answer counts). */
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
  // A quarter of jitter keeps the probes of many nodes that fell together from falling together.
  return { kind: 'down', since, probes, probeAt: now + wait * (0.75 + random() * 0.5), reason }
}
