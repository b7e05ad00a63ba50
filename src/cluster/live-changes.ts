// What the stream of changes means for the live numbers. Every process that serves traffic applies both:
// `applyChange` to its snapshot, this to its table.

import { type Context, pathKey } from './context.ts'
import type { LiveTable, NodeLive } from './live.ts'
import type { Change, Snapshot } from './snapshot.ts'

/**
 * Load factors are taken over, numbers of nodes that are gone forgotten. A node that becomes eligible by its
 * load, by a context that is enabled, or comes back after REMOVE-APP, is marked as joining: its score is
 * aligned before it is chosen, so that it is not flooded with what it missed.
 * @param before the snapshot to which the changes apply.
 */
export function applyToLive(live: LiveTable, changes: readonly Change[], before: Snapshot): void {
  for (const change of changes) {
    if (change.kind === 'gone') live.forget(change.id)
    if (change.kind === 'node' && change.node.removal === 'none') {
      const removal = before.nodes.get(change.node.id)?.removal ?? 'none'
      if (removal !== 'none') live.of(change.node.id).epoch++
    }
    if (change.kind === 'contexts' && isOpened(change.contexts, before.contexts.get(change.id))) {
      live.of(change.id).epoch++
    }
    if (change.kind === 'contexts') forgetContexts(live.of(change.id), change.contexts)
    if (change.kind !== 'load') continue
    const numbers = live.of(change.id)
    if ((numbers.loadFactor ?? 0) <= 0 && change.factor > 0) numbers.epoch++
    numbers.loadFactor = change.factor
  }
}

/** Paths that are gone, once nothing is in flight there. */
function forgetContexts({ contexts }: NodeLive, rows: readonly Context[]): void {
  const present = new Set(rows.map(({ path }) => pathKey(path)))
  for (const [key, { inFlight }] of contexts) {
    if (inFlight === 0 && !present.has(key)) contexts.delete(key)
  }
}

/** A context is enabled that was not before. */
function isOpened(contexts: readonly Context[], before: readonly Context[] = []): boolean {
  return contexts.some(
    ({ path, alias, status }) =>
      status === 'ENABLED' &&
      !before.some((old) => old.path === path && old.alias === alias && old.status === status),
  )
}
