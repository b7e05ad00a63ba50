// Orders of operators: that contexts of a node are to be DISABLED or STOPPED, whatever the node itself says, that the node is
// ejected, and the weight that it has. They belong to a route, not to a registration, so they outlive it. The status of a context is the less enabled of the node's own and
// the ordered one. Pure.

import { type ContextStatus, compareStatus } from '../wire/mcmp/context-status.ts'
import { type Context, contextKey, ownStatusOf } from './context.ts'

export type OrderedStatus = Exclude<ContextStatus, 'ENABLED'>

/** The orders for the node with one route. */
export interface Orders {
  readonly route: string
  /** For all contexts without an order of their own, also for those that the node adds later; absent: none. */
  readonly node?: OrderedStatus
  /** ENABLED: the order for the node does not apply to this context. */
  readonly contexts: readonly ContextOrder[]
  /** All contexts are STOPPED until the node is readmitted, whatever the other orders say. */
  readonly ejected?: true
  /** Percent of its share of the requests, 1 to 99; absent: all of it. */
  readonly weight?: number
}

/** An order for a node as a whole that leaves its other orders as they are. Absent: as before. */
export interface Adjustment {
  readonly route: string
  readonly ejected?: boolean | undefined
  /** 100: all of its share. */
  readonly weight?: number | undefined
}

export interface ContextOrder {
  readonly alias: string
  readonly path: string
  readonly status: ContextStatus
}

/** No orders, which is how orders are deleted. */
export const noOrders = (route: string): Orders => ({ route, contexts: [] })

export const areEmpty = (orders: Orders): boolean => countOf(orders) === 0

/** Number of orders, for the limit. */
export const countOf = ({ node, contexts, ejected, weight }: Orders): number =>
  contexts.length + [node, ejected, weight].filter((order) => order !== undefined).length

/**
 * The orders after one for the whole node, which replaces those for single contexts. A node that is enabled gets requests,
 * so it is readmitted, too.
 */
export function orderNode(
  { node: _, contexts: __, ejected, ...rest }: Orders,
  status: ContextStatus,
): Orders {
  if (status === 'ENABLED') return { ...rest, contexts: [] }
  return { ...rest, ...(ejected === true ? { ejected } : {}), node: status, contexts: [] }
}

/** The orders after an adjustment. */
export function adjusted(orders: Orders, adjustment: Adjustment): Orders {
  const { ejected: wasEjected = false, weight: before = 100, ...rest } = orders
  const { ejected = wasEjected, weight = before } = adjustment
  return { ...rest, ...(ejected ? { ejected: true } : {}), ...(weight < 100 ? { weight } : {}) }
}

/** The orders after one for these paths under each of these aliases. */
export function orderContexts(
  orders: Orders,
  aliases: readonly string[],
  paths: readonly string[],
  status: ContextStatus,
): Orders {
  const byKey = new Map(orders.contexts.map((order) => [contextKey(order), order]))
  for (const alias of aliases) {
    for (const path of paths) {
      const key = contextKey({ alias, path })
      byKey.delete(key)
      if (status !== (orders.node ?? 'ENABLED')) byKey.set(key, { alias, path, status })
    }
  }
  return { ...orders, contexts: [...byKey.values()] }
}

/** The contexts of a node with the status that these orders leave them. The same rows where nothing changes. */
export function underOrders(
  rows: readonly Context[],
  orders: Orders | undefined,
): readonly Context[] {
  if (orders === undefined && rows.every(({ order }) => order === undefined)) return rows
  const byKey = new Map(orders?.contexts.map((order) => [contextKey(order), order.status]))
  const all = orders?.ejected === true ? 'STOPPED' : undefined
  return rows.map((row) => underOrder(row, all ?? byKey.get(contextKey(row)) ?? orders?.node))
}

function underOrder(row: Context, ordered: ContextStatus | undefined): Context {
  const order = ordered === 'ENABLED' ? undefined : ordered
  const own = ownStatusOf(row)
  const status = order !== undefined && compareStatus(order, own) > 0 ? order : own
  if (row.status === status && row.order === order) return row
  const { own: _, order: __, ...rest } = row
  return {
    ...rest,
    status,
    ...(own === status ? {} : { own }),
    ...(order === undefined ? {} : { order }),
  }
}
