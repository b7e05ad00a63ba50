// Puts in force what another proxy of a shared registry has accepted: nodes, settings of balancers and orders of operators.
// Ids and rows are this proxy's own. Called by the registry.

import { isSameBalancer } from '../balancer.ts'
import { type Context, contextKey, ownStatusOf } from '../context.ts'
import type { Node } from '../node.ts'
import type { Orders } from '../orders.ts'
import type { NodeRecord } from '../shared/node-record.ts'
import type { BalancerRecord } from '../shared/other-records.ts'
import { findNode } from '../snapshot.ts'
import type { RegistryLimits } from './facts.ts'
import { formerOf, isContinued } from './identity.ts'
import { contextsOf, freeBalancerSlot, freeSlot, roomIn } from './register.ts'
import type { Steps } from './steps.ts'

/** @param record `undefined`: the node was deleted. */
export function mergeNode(
  steps: Steps,
  route: string,
  record: NodeRecord | undefined,
  limits: RegistryLimits,
  newId: () => number,
): void {
  const old = findNode(steps.snapshot, route)
  if (old?.fixed === true) return
  if (record === undefined || record.removal === 'marked') {
    if (old?.removal !== 'none') return
    steps.apply(
      { kind: 'contexts', id: old.id, contexts: [] },
      { kind: 'node', node: { ...old, removal: 'marked' } },
    )
    return
  }
  const node = placed(steps, record.node, old, limits, newId)
  if (node === undefined) {
    steps.warnings.push(`${route} of another proxy left out: the table of nodes is full`)
    return
  }
  const before = contextsOf(steps.snapshot, node.id)
  const contexts = rowsFor(steps, record, before, limits)
  if (contexts.length < record.contexts.length)
    steps.warnings.push(`${route} of another proxy: no room for all of its aliases or contexts`)
  if (!isSame(contexts, before.map(withoutOrder)))
    steps.apply({ kind: 'contexts', id: node.id, contexts })
}

/** The row of the node, which is a new one for another worker. */
function placed(
  steps: Steps,
  settings: NodeRecord['node'],
  old: Node | undefined,
  limits: RegistryLimits,
  newId: () => number,
): Node | undefined {
  if (old !== undefined && isContinued(old, settings)) {
    const { from: _, ...rest } = old
    const node: Node = { ...rest, ...settings, removal: 'none' }
    if (!isSame(sorted(node), sorted(old))) steps.apply({ kind: 'node', node })
    return node
  }
  const left = formerOf(steps.snapshot, settings)
  const freed = (old === undefined ? 0 : 1) + (left === undefined ? 0 : 1)
  if (steps.snapshot.nodes.size - freed >= limits.nodesMax) return undefined
  for (const gone of [left, old]) if (gone !== undefined) steps.apply({ kind: 'gone', id: gone.id })
  const node: Node = {
    ...settings,
    id: newId(),
    slot: old?.slot ?? left?.slot ?? freeSlot(steps.snapshot),
    removal: 'none',
    fixed: false,
  }
  steps.apply({ kind: 'node', node })
  return node
}

function rowsFor(
  steps: Steps,
  record: NodeRecord,
  before: readonly Context[],
  limits: RegistryLimits,
): readonly Context[] {
  const room = roomIn(steps.snapshot, limits)
  const known = new Map(before.map((row) => [contextKey(row), row]))
  const hosts = new Map(before.map((row) => [row.alias.toLowerCase(), row.hostSlot]))
  const rows: Context[] = []
  for (const { path, alias, vhost, status, isUnopened } of record.contexts) {
    const host = alias.toLowerCase()
    const hostSlot = hosts.get(host) ?? room.hosts.allocate()
    const slot = known.get(contextKey({ alias, path }))?.slot ?? room.contexts.allocate()
    if (hostSlot === undefined || slot === undefined) continue
    hosts.set(host, hostSlot)
    const opened = isUnopened === true ? ({ isUnopened } as const) : {}
    rows.push({ path, alias, vhost, status, slot, hostSlot, ...opened })
  }
  return rows
}

/** As the node itself has set it. */
function withoutOrder(row: Context): Context {
  const { path, alias, vhost, slot, hostSlot, isUnopened } = row
  const opened = isUnopened === true ? ({ isUnopened } as const) : {}
  return { path, alias, vhost, status: ownStatusOf(row), slot, hostSlot, ...opened }
}

export function mergeBalancer(steps: Steps, record: BalancerRecord, limits: RegistryLimits): void {
  const { balancers } = steps.snapshot
  const old = balancers.get(record.name)
  if (old === undefined && balancers.size >= limits.balancersMax) {
    steps.warnings.push(`balancer ${record.name} of another proxy left out: the table is full`)
    return
  }
  const balancer = { ...record, slot: old?.slot ?? freeBalancerSlot(steps.snapshot) }
  if (old === undefined || !isSameBalancer(balancer, old))
    steps.apply({ kind: 'balancer', balancer })
}

export function mergeOrders(steps: Steps, orders: Orders): void {
  const before = steps.snapshot.orders.get(orders.route)
  if (isSame(orders, before)) return
  steps.apply({ kind: 'orders', orders })
  const node = findNode(steps.snapshot, orders.route)
  if (node === undefined) return
  const contexts = contextsOf(steps.snapshot, node.id)
  if (contexts.length > 0) steps.apply({ kind: 'contexts', id: node.id, contexts })
}

const sorted = (value: object): unknown =>
  Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
