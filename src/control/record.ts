// Records what changed the state of nodes: changes of the registry, results of probes, and STATUS messages.
// Shared by message-handler.ts and watch.ts.

import { onProbed } from '../cluster/health.ts'
import { applyToLive } from '../cluster/live-changes.ts'
import type { Node } from '../cluster/node.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { ControlSettings } from './options.ts'

/**
 * Puts changes into force: first in the live numbers, then in the traffic. They take effect in the order of
 * the calls.
 * @param before the registry's snapshot before these changes.
 */
export async function publishChanges(
  settings: ControlSettings,
  before: Snapshot,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return
  applyToLive(settings.live, changes, before)
  await settings.traffic.apply(changes)
}

/** A probe changes a node's health, unless the failure was a shortage on this machine. */
export function recordProbe(settings: ControlSettings, node: Node, result: ProbeResult): void {
  if (result.shortage === true) return
  const { clock, random, log, watch } = settings
  const { answered, reason } = result
  const live = settings.live.of(node.id)
  const wasDown = live.health.kind === 'down'
  live.health = onProbed(live.health, answered, reason, clock.now(), random, watch.health)
  const isDown = live.health.kind === 'down'
  if (wasDown === isDown) return
  // The node's score is aligned with the others' before it is chosen again.
  if (wasDown) live.epoch++
  log.warn({ route: node.route, reason }, isDown ? 'node is down' : 'node is up')
  settings.traffic.notify(node.id)
}

/** A STATUS message ends a node's silence. */
export function recordStatus(settings: ControlSettings, node: Node): void {
  const live = settings.live.of(node.id)
  live.statusAt = settings.clock.now()
  live.unconfirmed = false
  if (!live.silent) return
  live.silent = false
  live.epoch++
  settings.log.info({ route: node.route }, 'node reports again')
  settings.traffic.notify(node.id)
}
