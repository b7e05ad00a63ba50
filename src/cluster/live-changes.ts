// Applies changes to the live numbers. Every process that serves traffic applies each change twice: by `applyChange` to its
// snapshot, by `applyToLive` to its table.

import { type Context, pathKey } from './context.ts'
import { unchecked } from './health.ts'
import type { LiveTable, NodeLive } from './live.ts'
import type { Node } from './node.ts'
import type { Orders } from './orders.ts'
import { isEjected } from './outlier.ts'
import type { OwnSettings } from './own-settings.ts'
import { partOf } from './process-share.ts'
import type { Change, Snapshot } from './snapshot.ts'

/**
 * Sets load factors and drops the numbers of nodes that are gone. The epoch of a node is raised when the node becomes
 * eligible: by its load factor, by a context that is enabled, or by CONFIG after REMOVE-APP.
 * @param before the snapshot to which the changes apply.
 */
export function applyToLive(live: LiveTable, changes: readonly Change[], before: Snapshot): void {
  const orders = new OrdersInForce(before)
  for (const change of changes) {
    if (change.kind === 'gone') live.forget(change.id)
    if (change.kind === 'node' && change.node.removal === 'none') {
      const known = before.nodes.get(change.node.id)
      const removal = known?.removal ?? 'none'
      if (removal !== 'none') live.of(change.node.id).epoch++
      forgetContact(live.of(change.node.id))
      orders.node(live, change.node)
      if (change.node.own !== undefined) applyOwn(live, change.node.id, change.node.own, known)
    }
    if (change.kind === 'contexts' && isOpened(change.contexts, before.contexts.get(change.id))) {
      live.of(change.id).epoch++
    }
    if (change.kind === 'contexts') forgetContexts(live.of(change.id), change.contexts)
    if (change.kind === 'orders') orders.order(live, change.orders)
    if (change.kind !== 'load') continue
    const numbers = live.of(change.id)
    if ((numbers.loadFactor ?? 0) <= 0 && change.factor > 0) numbers.epoch++
    numbers.loadFactor = change.factor
    numbers.isDefaultLoad = change.isDefault === true
    if (numbers.isDefaultLoad) numbers.wish.forget()
    else numbers.wish.report(change.factor)
  }
}

/** The orders for nodes while changes are applied: those of the changes, and those before. */
class OrdersInForce {
  readonly #before: Snapshot
  readonly #orders: Map<string, Orders> = new Map()
  readonly #ids: Map<string, number> = new Map()

  constructor(before: Snapshot) {
    this.#before = before
  }

  node(live: LiveTable, { id, route }: Node): void {
    this.#ids.set(route, id)
    const orders = this.#orders.get(route) ?? this.#before.orders.get(route)
    live.of(id).wish.scaleTo(scaleOf(orders))
  }

  order(live: LiveTable, orders: Orders): void {
    const { route } = orders
    this.#orders.set(route, orders)
    const id = this.#ids.get(route) ?? this.#before.nodes.withRoute(route)?.id
    if (id === undefined) return
    const numbers = live.of(id)
    numbers.wish.scaleTo(scaleOf(orders))
    if (orders.ejected === true || !isEjected(numbers.outlier)) return
    // An operator who orders something else knows the state of the node.
    numbers.outlier.until = 0
    numbers.epoch++
  }
}

const scaleOf = (orders: Orders | undefined): number => (orders?.weight ?? 100) / 100

/** Another process may be at the address. */
function forgetContact(numbers: NodeLive): void {
  numbers.readAt = Number.NEGATIVE_INFINITY
  numbers.probeAnsweredAt = Number.NEGATIVE_INFINITY
}

/** @param known the node before the change. */
function applyOwn(live: LiveTable, id: number, own: OwnSettings, known: Node | undefined): void {
  const numbers = live.of(id)
  numbers.inFlightMax = partOf(own.maxConnections, live.share)
  numbers.queueMax = own.queueMax === 0 ? 0 : partOf(own.queueMax, live.share)
  if (known === undefined) numbers.health = unchecked
  if (known?.own?.weight === own.weight) return
  numbers.loadFactor = Math.max(1, Math.round(own.weight))
  numbers.wish.fix(own.weight)
}

/** Drops the numbers of paths that are gone, once no request is in flight there. */
function forgetContexts({ contexts }: NodeLive, rows: readonly Context[]): void {
  const present = new Set(rows.map(({ path }) => pathKey(path)))
  for (const [key, { inFlight }] of contexts) {
    if (inFlight === 0 && !present.has(key)) contexts.delete(key)
  }
}

/** Whether a context is ENABLED that was not before. */
function isOpened(contexts: readonly Context[], before: readonly Context[] = []): boolean {
  const enabled = new Set(
    before
      .filter(({ status }) => status === 'ENABLED')
      .map(({ path, alias }) => `${alias} ${path}`),
  )
  return contexts.some(
    ({ path, alias, status }) => status === 'ENABLED' && !enabled.has(`${alias} ${path}`),
  )
}
