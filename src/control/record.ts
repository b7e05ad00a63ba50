// Logs the causes of changed node states: changes of the registry, results of probes, and STATUS messages.
// Shared by message-handler.ts and watch.ts.

import { failureLimits } from '../base/limits.ts'
import { onProbed } from '../cluster/health.ts'
import { checkOf } from '../cluster/health-check.ts'
import { type NodeLive, recentFailuresOf } from '../cluster/live.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import type { Node } from '../cluster/node.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { MetricValue } from '../wire/mcmp/load-metrics.ts'
import type { Cause } from './cluster-log.ts'
import type { ControlSettings } from './options.ts'

/**
 * Puts changes into force: first in the live numbers, then in the traffic. They take effect in the order of
 * the calls.
 * @param before the registry's snapshot before these changes, which are the last.
 * @param cause for the log; absent: the changes are not logged.
 */
export async function publishChanges(
  settings: ControlSettings,
  before: Snapshot,
  changes: readonly Change[],
  cause?: Cause,
): Promise<void> {
  if (changes.length === 0) return
  const { clusterLog, live, registry } = settings
  if (cause !== undefined) {
    clusterLog.report(before, registry.snapshot, changes, cause)
    clusterLog.reportLoads(before, live, changes)
  }
  applyToLive(settings.live, changes, before)
  await settings.traffic.apply(changes)
}

/**
 * A probe changes a node's health, unless the failure was a shortage on this machine, or the answer was late and the
 * node sent bytes to clients meanwhile.
 * @param bytesRead of the node's live numbers when the probe began.
 */
export function recordProbe(
  settings: ControlSettings,
  node: Node,
  result: ProbeResult,
  bytesRead: number,
): void {
  const { clock, random, log, watch } = settings
  const { reason, late } = result
  const live = settings.live.of(node.id)
  if (result.answered) live.probeAnsweredAt = clock.now()
  if (result.shortage === true || (late !== undefined && live.bytesRead > bytesRead)) return
  if (!result.answered) noteFailedProbe(live, reason, clock.wall())
  const wasDown = live.health.kind === 'down'
  const wasUnchecked = live.health.kind === 'unchecked'
  // The queue of connections of a busy node may be full.
  const isGone = late === 'connection' && live.inFlight === 0
  const outcome = isGone ? { ...result, unreachable: true } : result
  const check = checkOf(watch.rules(), node)
  live.health = onProbed(live.health, outcome, check, clock.now(), random, watch.health)
  const isDown = live.health.kind === 'down'
  const isChecked = wasUnchecked && !isDown
  if (wasDown === isDown && !isChecked) return
  // The node's score is aligned with the others' before it is chosen again.
  if (!isDown) {
    live.epoch++
    live.upAt = clock.now()
  }
  const fields = { route: node.route, reason, by: 'health check' }
  if (isDown) log.warn(fields, 'node is down')
  else if (isChecked) log.debug(fields, 'node is up')
  else log.info(fields, 'node is up')
  settings.traffic.notify(node.id)
}

function noteFailedProbe(live: NodeLive, reason: string, at: number): void {
  const text = reason.slice(0, failureLimits.textMax)
  recentFailuresOf(live).add({ at, code: 'PROBE', reason: text, request: '' })
}

/** A STATUS message ends a node's silence. @param metrics the values behind its load factor. */
export function recordStatus(
  settings: ControlSettings,
  node: Node,
  metrics: readonly MetricValue[] = [],
): void {
  const live = settings.live.of(node.id)
  live.loadMetrics = metrics
  live.statusAt = settings.clock.now()
  live.unconfirmed = false
  if (!live.silent) return
  live.silent = false
  live.epoch++
  settings.log.info({ route: node.route }, 'node reports again')
  settings.traffic.notify(node.id)
}
