// The registry's tables in the form of INFO and DUMP (mcmp.md 1.6, decisions 37, 45 to 48): a line for each node, for each
// alias, and for each context; no line refers to a node without a line.

import { compareStatus } from '../../wire/mcmp/context-status.ts'
import type { Dump, DumpNode } from '../../wire/mcmp/dump.ts'
import type { InfoAlias, InfoContext } from '../../wire/mcmp/info.ts'
import { type Context, ownStatusOf } from '../context.ts'
import type { Node } from '../node.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Facts } from './facts.ts'

/** @param withOrders whether contexts show the orders of operators beside their status. */
export function tables(snapshot: Snapshot, live: Facts['live'], withOrders: boolean): Dump {
  const aliases: InfoAlias[] = []
  const contexts: InfoContext[] = []
  for (const node of snapshot.nodes.values()) {
    const rows = snapshot.contexts.get(node.id) ?? []
    for (const row of aliasRows(node, rows)) aliases.push(row)
    for (const row of contextRows(node, rows, withOrders)) contexts.push(row)
  }
  aliases.sort(byId)
  contexts.sort(byId)
  const balancers = [...snapshot.balancers.values()]
    .sort((a, b) => a.slot - b.slot)
    .map(({ slot, ...settings }) => ({ id: slot, ...settings }))
  return {
    balancers,
    nodes: [...snapshot.nodes.values()].map((node) => nodeRow(node, live)),
    aliases,
    contexts,
  }
}

function nodeRow(node: Node, live: Facts['live']): DumpNode {
  const { elected, bytesRead, bytesSent, inFlight, loadFactor } = live(node.id)
  const forgotten = node.removal === 'forgotten'
  return {
    id: node.slot,
    name: forgotten ? 'REMOVED' : node.route,
    balancer: node.balancer,
    domain: forgotten ? '' : node.domain,
    host: node.host,
    port: node.port,
    type: node.type,
    flushPackets: node.flushPackets,
    flushWaitMs: node.flushWaitMs,
    pingMs: node.pingMs,
    smax: node.smax,
    ttlMs: node.ttlMs,
    timeoutMs: node.timeoutMs,
    elected,
    read: bytesRead,
    transferred: bytesSent,
    connected: inFlight,
    load: loadFactor ?? 0,
  }
}

const byId = (a: { readonly id: number }, b: { readonly id: number }): number => a.id - b.id

function aliasRows(node: Node, rows: readonly Context[]): InfoAlias[] {
  const bySlot = new Map(rows.map((row) => [row.hostSlot, row]))
  return [...bySlot].map(([id, { vhost, alias }]) => ({ id, node: node.slot, vhost, alias }))
}

/**
 * Of the lines of one path in one virtual host the least enabled is last, since a Java node keeps the last one and corrects
 * it (mcmp.md decision 47).
 */
function contextRows(node: Node, rows: readonly Context[], withOrders: boolean): InfoContext[] {
  const sets = new Map<string, Context[]>()
  for (const row of rows) {
    const key = `${row.vhost} ${row.path}`
    const set = sets.get(key)
    if (set === undefined) sets.set(key, [row])
    else set.push(row)
  }
  return [...sets.values()].flatMap((set) => {
    const slots = set.map((row) => row.slot).sort((a, b) => a - b)
    const sorted = set.toSorted((a, b) => compareStatus(a.status, b.status))
    return sorted.map((row, i) => ({
      id: slots[i] ?? 0,
      node: node.slot,
      vhost: row.vhost,
      path: row.path,
      status: row.status,
      ...(withOrders ? ordersOf(row) : {}),
    }))
  })
}

const ordersOf = (row: Context): Pick<InfoContext, 'order'> =>
  row.order === undefined ? {} : { order: { own: ownStatusOf(row), operator: row.order } }
