// What a change of the registry means for the records that proxies share. Pure.

import type { Change, Snapshot } from '../snapshot.ts'
import { keyOf, type Subject } from './keys.ts'
import { nodeRecordText } from './node-record.ts'
import { balancerText, ordersText } from './other-records.ts'

/** The things that changes are about, each once: what has to be there first comes first. */
export function touchedBy(
  changes: readonly Change[],
  before: Snapshot,
  after: Snapshot,
): readonly Subject[] {
  const touched = new Map<string, Subject>()
  const add = (kind: Subject['kind'], name: string | undefined): void => {
    if (name === undefined) return
    const subject: Subject = { kind, name }
    touched.set(keyOf(subject), subject)
  }
  for (const change of changes) {
    if (change.kind === 'balancer') add('balancer', change.balancer.name)
    else if (change.kind === 'orders') add('orders', change.orders.route)
    else if (change.kind === 'node') add('node', change.node.route)
    else if (change.kind === 'contexts' || change.kind === 'gone')
      add('node', (after.nodes.get(change.id) ?? before.nodes.get(change.id))?.route)
  }
  return [...touched.values()]
}

/** @returns `undefined` where the snapshot has nothing to share. */
export function bodyOf(snapshot: Snapshot, { kind, name }: Subject): string | undefined {
  switch (kind) {
    case 'node':
      return nodeRecordText(snapshot, name)
    case 'balancer':
      return balancerText(snapshot, name)
    case 'orders':
      return ordersText(snapshot, name)
  }
}
