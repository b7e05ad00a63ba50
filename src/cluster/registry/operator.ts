// Messages of operators: whether a message is one, and its effect, which is an order (orders.ts) beside what the node itself
// says. Called by the registry.

import { statusAfter } from '../../wire/mcmp/context-status.ts'
import type { AppMessage, AppMethod } from '../../wire/mcmp/message.ts'
import { type McmpProblem, problem } from '../../wire/mcmp/problem.ts'
import type { Node } from '../node.ts'
import {
  type Adjustment,
  adjusted,
  countOf,
  noOrders,
  type Orders,
  orderContexts,
  orderNode,
} from '../orders.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Facts, RegistryLimits } from './facts.ts'
import { contextsOf } from './register.ts'
import type { Steps } from './steps.ts'

/** A message other than REMOVE-APP, which is the same whoever sends it. */
export type StatusMessage = AppMessage & { readonly method: Exclude<AppMethod, 'REMOVE-APP'> }

/**
 * Whether an operator sends a message about a node: it says so, or it says nothing and comes neither from the address
 * that the node last registered from nor from the one where it is reached.
 */
export function isOperators(
  { sender }: AppMessage,
  node: Node,
  { from }: Pick<Facts, 'from'>,
): boolean {
  if (sender !== undefined) return sender === 'operator'
  if (from === undefined) return false
  const sent = canonical(from)
  return sent !== canonical(node.from ?? '') && sent !== canonical(node.host)
}

/** A program that connects to `localhost` comes from either address. */
const canonical = (host: string): string =>
  host === 'localhost' || host === '::1' ? '127.0.0.1' : host.toLowerCase()

/** Changes the orders for a route, and the contexts under them. @returns the problem when there are too many. */
export function order(
  steps: Steps,
  message: StatusMessage,
  node: Node | undefined,
  limits: Pick<RegistryLimits, 'ordersMax'>,
): McmpProblem | undefined {
  const { method, route, wildcard, aliases, contexts: paths } = message
  const before = steps.snapshot.orders.get(route) ?? noOrders(route)
  const status = statusAfter[method]
  const orders = wildcard
    ? orderNode(before, status)
    : orderContexts(before, aliases, paths, status)
  return enforce(steps, before, orders, node, limits)
}

/** Changes the orders for a node beside those for its contexts. @returns the problem when there are too many. */
export function adjust(
  steps: Steps,
  adjustment: Adjustment,
  node: Node | undefined,
  limits: Pick<RegistryLimits, 'ordersMax'>,
): McmpProblem | undefined {
  const { route } = adjustment
  const before = steps.snapshot.orders.get(route) ?? noOrders(route)
  return enforce(steps, before, adjusted(before, adjustment), node, limits)
}

function enforce(
  steps: Steps,
  before: Orders,
  orders: Orders,
  node: Node | undefined,
  { ordersMax }: Pick<RegistryLimits, 'ordersMax'>,
): McmpProblem | undefined {
  const { route } = orders
  const more = countOf(orders) - countOf(before)
  if (more > 0 && !makeRoom(steps, route, ordersMax - more)) return tooMany(route)
  steps.apply({ kind: 'orders', orders })
  if (node === undefined) return undefined
  const contexts = contextsOf(steps.snapshot, node.id)
  steps.apply({ kind: 'contexts', id: node.id, contexts })
  return undefined
}

/** Forgets orders for nodes that are not registered, the oldest first, until at most `most` are left. */
function makeRoom(steps: Steps, route: string, most: number): boolean {
  let count = 0
  for (const orders of steps.snapshot.orders.values()) count += countOf(orders)
  for (const orders of absentOrders(steps.snapshot)) {
    if (count <= most) break
    if (orders.route === route) continue
    forget(steps, orders)
    count -= countOf(orders)
  }
  return count <= most
}

/** The orders for nodes that are not registered. */
export function absentOrders({ orders, nodes }: Snapshot): readonly Orders[] {
  return [...orders.values()].filter(
    ({ route }) => (nodes.withRoute(route)?.removal ?? 'marked') !== 'none',
  )
}

/** The node gets no orders when it comes back. */
export function forget(steps: Steps, { route }: Orders): void {
  steps.apply({ kind: 'orders', orders: noOrders(route) })
  steps.warnings.push(`orders for ${route}, which is not registered, are forgotten`)
}

const tooMany = (route: string): McmpProblem =>
  problem('MEM', `MEM: Too many orders for contexts; order the whole node with "${route}" JVMRoute`)
