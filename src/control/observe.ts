// What an answered or unanswered probe means for a node's health, and a STATUS for its silence: shared by
// `receive.ts` (STATUS asks the node) and `watch.ts` (the clock asks).

import { onProbed } from '../cluster/health.ts'
import type { Node } from '../cluster/node.ts'
import type { ProbeResult } from '../net/probe.ts'
import type { ControlSettings } from './options.ts'

export function observeProbe(settings: ControlSettings, node: Node, result: ProbeResult): void {
  if (result.shortage === true) return
  const { clock, random, log } = settings
  const live = settings.live.of(node.id)
  const wasDown = live.health.kind === 'down'
  live.health = onProbed(
    live.health,
    result.answered,
    result.reason,
    clock.now(),
    random,
    settings.watch.health,
  )
  const isDown = live.health.kind === 'down'
  // Eligible again: its score is aligned before it is chosen.
  if (wasDown && !isDown) live.joining = true
  if (wasDown === isDown) return
  log.warn({ route: node.route, reason: result.reason }, isDown ? 'node is down' : 'node is up')
  settings.traffic.notify(node.id)
}

export function observeStatus(settings: ControlSettings, node: Node): void {
  const live = settings.live.of(node.id)
  live.statusAt = settings.clock.now()
  live.unconfirmed = false
  if (!live.silent) return
  live.silent = false
  live.joining = true
  settings.log.info({ route: node.route }, 'node reports again')
  settings.traffic.notify(node.id)
}
