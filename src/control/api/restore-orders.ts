// From orders to other ones: what an undo sends. Pure.

import { contextKey } from '../../cluster/context.ts'
import type { Adjustment, Orders } from '../../cluster/orders.ts'
import type { ContextStatus } from '../../wire/mcmp/context-status.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import { contextOrder, nodeOrder } from '../../wire/mcmp/operator-messages.ts'

/** An order for contexts, or for a node beside its contexts. */
export type OperatorOrder = AppMessage | Adjustment

const methodFor: Readonly<Record<ContextStatus, AppMethod>> = {
  ENABLED: 'ENABLE-APP',
  DISABLED: 'DISABLE-APP',
  STOPPED: 'STOP-APP',
}

/**
 * The orders that turn `from` into `to`. Where the order for the whole node changes, those for its contexts follow
 * it one after the other.
 */
export function restoring(from: Orders, to: Orders): readonly OperatorOrder[] {
  const { route } = to
  const whole = from.node === to.node ? [] : [nodeOrder(methodFor[to.node ?? 'ENABLED'], route)]
  // An order for the whole node replaces those for single contexts.
  const left = whole.length > 0 ? [] : from.contexts
  const wanted = new Map(to.contexts.map((row) => [contextKey(row), row]))
  const kept = new Map(left.map((row) => [contextKey(row), row]))
  const ended = left
    .filter((row) => !wanted.has(contextKey(row)))
    .map((row) => ({ ...row, status: to.node ?? ('ENABLED' as const) }))
  const set = to.contexts.filter((row) => kept.get(contextKey(row))?.status !== row.status)
  const single = [...set, ...ended].map(({ alias, path, status }) =>
    contextOrder(methodFor[status], route, [alias], path),
  )
  // To enable a node readmits it.
  const isSameNode = whole.length === 0 && from.ejected === to.ejected && from.weight === to.weight
  const rest = { route, ejected: to.ejected === true, weight: to.weight ?? 100 }
  return [...whole, ...single, ...(isSameNode ? [] : [rest])]
}

export const isSame = (a: Orders, b: Orders): boolean =>
  a.node === b.node &&
  a.ejected === b.ejected &&
  a.weight === b.weight &&
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

const sorted = ({ contexts }: Orders): readonly string[] =>
  contexts.map((row) => `${contextKey(row)} ${row.status}`).sort()
