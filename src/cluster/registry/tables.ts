// The registry's tables as INFO and DUMP show them (mcmp.md 1.6, decisions 37, 45 to 48): node lines first,
// one alias line per alias, one context line per alias and path, no line of a node without a node line.

import type { Dump, DumpNode } from '../../wire/mcmp/dump.ts'
import type { InfoAlias, InfoContext, InfoStatus } from '../../wire/mcmp/info.ts'
import type { Context } from '../context.ts'
import type { Node } from '../node.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Facts } from './facts.ts'

export function tables(snapshot: Snapshot, live: Facts['live']): Dump {
  const aliases: InfoAlias[] = []
  const contexts: InfoContext[] = []
  for (const node of snapshot.nodes.values()) {
    const rows = snapshot.contexts.get(node.id) ?? []
    aliases.push(...aliasRows(node, rows))
    contexts.push(...contextRows(node, rows))
  }
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

function aliasRows(node: Node, rows: readonly Context[]): InfoAlias[] {
  const byAlias = new Map(rows.map((row) => [row.alias, row.vhost]))
  return [...byAlias].map(([alias, vhost]) => ({ node: node.slot, vhost, alias }))
}

const rank: Readonly<Record<InfoStatus, number>> = { ENABLED: 0, DISABLED: 1, STOPPED: 2 }

/** Least enabled last: a Java node keeps the last line of a path and then repairs it (decision 47). */
function contextRows(node: Node, rows: readonly Context[]): InfoContext[] {
  return rows
    .map(({ vhost, path, status }) => ({ node: node.slot, vhost, path, status }))
    .sort((a, b) => rank[a.status] - rank[b.status])
}
