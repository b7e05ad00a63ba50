// The one way by which changes leave the control service: into the live numbers, then to the caller, who
// makes them take effect. Order of calls is order of changes.

import { applyToLive } from '../cluster/live-changes.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { ControlSettings } from './options.ts'

/** `before`: the registry's snapshot before these changes. */
export async function publish(
  settings: ControlSettings,
  before: Snapshot,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return
  applyToLive(settings.live, changes, before)
  await settings.traffic.apply(changes)
}
