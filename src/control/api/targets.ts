// The orders that an action stands for: one for each of its nodes. Pure.

import { suggest } from '../../base/suggest.ts'
import { pathKey } from '../../cluster/context.ts'
import type { Node } from '../../cluster/node.ts'
import type { ContextOrder } from '../../cluster/orders.ts'
import { findNode, type Snapshot } from '../../cluster/snapshot.ts'
import type { AppMethod } from '../../wire/mcmp/message.ts'
import { contextOrder, nodeOrder } from '../../wire/mcmp/operator-messages.ts'
import { type ActionRefusal, type ActionRequest, refused } from './action.ts'
import type { OperatorOrder } from './restore-orders.ts'

const methods: Readonly<Record<'enable' | 'disable' | 'stop' | 'remove' | 'drain', AppMethod>> = {
  enable: 'ENABLE-APP',
  disable: 'DISABLE-APP',
  /** What follows when its sessions have ended: drain.ts. */
  drain: 'DISABLE-APP',
  stop: 'STOP-APP',
  remove: 'REMOVE-APP',
}

/** Names in an answer. */
const namesShown = 16

type Targets = { readonly orders: readonly OperatorOrder[] } | ActionRefusal

export function targetsOf(request: ActionRequest, snapshot: Snapshot): Targets {
  const { node, domain, context } = request
  const misfit = misfitOf(request)
  if (misfit !== undefined) return refused(400, misfit)
  const registered = [...snapshot.nodes.values()].filter(({ removal }) => removal === 'none')
  if (node !== undefined && findNode(snapshot, node)?.removal !== 'none')
    return absentNode(request, node, registered, snapshot)
  const nodes = registered.filter(
    (each) =>
      (node === undefined || each.route === node) &&
      (domain === undefined || each.domain === domain),
  )
  if (nodes.length === 0)
    return refused(
      404,
      `no node ${domain === undefined ? 'is registered' : `has the domain ${domain}`}`,
    )
  if (context === undefined) return { orders: nodes.map(({ route }) => wholeOrder(request, route)) }
  const orders = nodes.flatMap((each) => contextOrders(request, each, snapshot))
  return orders.length > 0 ? { orders } : unknownContext(request, nodes, snapshot)
}

/** What is wrong with a request whatever the nodes are; `undefined`: nothing. */
function misfitOf({ action, node, domain, context, weight, withinMs }: ActionRequest) {
  if (node === undefined && domain === undefined && context === undefined)
    return 'name a node, a domain or a context'
  if (node !== undefined && domain !== undefined) return 'name a node or a domain, not both'
  if (action === 'weight' && weight === undefined) return 'weight: write percent, 1 to 100'
  if (action !== 'weight' && weight !== undefined) return 'weight: only for the action weight'
  if (action !== 'drain' && withinMs !== undefined) return 'withinMs: only for the action drain'
  const isForNodes = action === 'weight' || action === 'eject' || action === 'readmit'
  return isForNodes && context !== undefined
    ? `context: ${action} is for whole nodes; name a node or a domain`
    : undefined
}

function wholeOrder({ action, weight }: ActionRequest, route: string): OperatorOrder {
  switch (action) {
    case 'weight':
      return { route, weight }
    case 'eject':
      return { route, ejected: true }
    case 'readmit':
      return { route, ejected: false }
    default:
      return nodeOrder(methods[action], route)
  }
}

/** A node that is not registered can be ordered about only where there is an order for it already. */
function absentNode(
  request: ActionRequest,
  route: string,
  registered: readonly Node[],
  snapshot: Snapshot,
): Targets {
  const { action, context, alias } = request
  const orders = snapshot.orders.get(route)
  if (orders === undefined || action === 'remove' || action === 'drain') {
    const nearest = suggest(
      route,
      registered.map((node) => node.route),
    )
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
    return refused(404, `no node has the name ${route}${hint}`)
  }
  if (context === undefined) return { orders: [wholeOrder(request, route)] }
  const rows = orders.contexts.filter((row) => matches(row, context, alias))
  if (rows.length === 0)
    return refused(404, `${route} is not registered, and ${context} has no order`)
  const aliases = rows.map((row) => row.alias)
  return { orders: [contextOrder(methodOf(request), route, aliases, context)] }
}

function contextOrders(
  request: ActionRequest,
  { id, route }: Node,
  snapshot: Snapshot,
): readonly OperatorOrder[] {
  const { context = '', alias } = request
  const rows = (snapshot.contexts.get(id) ?? []).filter((row) => matches(row, context, alias))
  const [first] = rows
  if (first === undefined) return []
  const aliases = rows.map((row) => row.alias)
  return [contextOrder(methodOf(request), route, aliases, first.path)]
}

/** `misfitOf` has refused the others for contexts. */
const methodOf = ({ action }: ActionRequest): AppMethod => methods[action as keyof typeof methods]

function unknownContext(
  { context, alias }: ActionRequest,
  nodes: readonly Node[],
  snapshot: Snapshot,
): ActionRefusal {
  const paths = nodes.flatMap(({ id }) => (snapshot.contexts.get(id) ?? []).map(({ path }) => path))
  const known = [...new Set(paths)].slice(0, namesShown).join(', ')
  const where = alias === undefined ? context : `${context} on ${alias}`
  return refused(404, `no context ${where}; there are ${known || 'none'}`)
}

function matches(
  row: Pick<ContextOrder, 'path' | 'alias'>,
  context: string,
  alias: string | undefined,
): boolean {
  return (
    pathKey(row.path) === pathKey(context) &&
    (alias === undefined || row.alias.toLowerCase() === alias.toLowerCase())
  )
}
