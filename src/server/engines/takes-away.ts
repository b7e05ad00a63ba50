// Whether changes take requests away from a node: these are given to other proxies at once, and the reply to the message
// waits for them. Pure.

import { contextKey } from '../../cluster/context.ts'
import type { Change, Snapshot } from '../../cluster/snapshot.ts'
import { compareStatus } from '../../wire/mcmp/context-status.ts'

/** @param before the snapshot before the changes. */
export const takesAway = (before: Snapshot, changes: readonly Change[]): boolean =>
  changes.some((change) => {
    if (change.kind === 'gone') return before.nodes.get(change.id)?.removal === 'none'
    if (change.kind === 'node')
      return change.node.removal !== 'none' && before.nodes.get(change.node.id)?.removal === 'none'
    if (change.kind !== 'contexts') return false
    const after = new Map(change.contexts.map((context) => [contextKey(context), context.status]))
    return (before.contexts.get(change.id) ?? []).some((context) => {
      const status = after.get(contextKey(context)) ?? 'STOPPED'
      return compareStatus(context.status, status) < 0
    })
  })
