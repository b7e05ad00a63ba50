// What the manager page shows, taken from the cluster: nodes by domain, each with its virtual hosts (mcmp.md
// 6). Pure; made by the manager for each look at the page.

import type { ContextStatus } from '../../cluster/context.ts'
import { inFlightOn, type LiveTable, type NodeLive } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import type { Snapshot } from '../../cluster/snapshot.ts'
import { nodeState } from '../node-state.ts'

export interface DomainView {
  /** '' for the nodes that have none. */
  readonly name: string
  readonly nodes: readonly NodeView[]
}

export interface NodeView {
  readonly node: Node
  /** The route, or REMOVED for a node that is about to be forgotten. */
  readonly name: string
  /** Requests may be sent to it, as far as the proxy knows. */
  readonly isOk: boolean
  /** `up`, `standby`, `down (ECONNREFUSED)`, ... */
  readonly state: string
  readonly loadFactor: number
  readonly inFlight: number
  readonly elected: number
  readonly bytesRead: number
  readonly bytesSent: number
  readonly failures: number
  /** As far as they are its own; approximate when they are many. */
  readonly sessions: number
  readonly hosts: readonly HostView[]
}

export interface HostView {
  /** From 1, by node. */
  readonly number: number
  readonly aliases: readonly string[]
  /** A path appears twice where its aliases differ in status. */
  readonly contexts: readonly ContextView[]
}

export interface ContextView {
  readonly path: string
  readonly status: ContextStatus
  readonly aliases: readonly string[]
  /** Requests in flight on the path, whatever their alias. */
  readonly inFlight: number
}

/** @param now monotonic ms. */
export function managerView(
  snapshot: Snapshot,
  live: LiveTable,
  now: number,
): readonly DomainView[] {
  const byDomain = new Map<string, NodeView[]>()
  for (const node of snapshot.nodes.values()) {
    const domain = node.removal === 'forgotten' ? '' : node.domain
    byDomain.set(domain, [...(byDomain.get(domain) ?? []), nodeView(node, snapshot, live, now)])
  }
  return [...byDomain]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, nodes]) => ({ name, nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)) }))
}

function nodeView(node: Node, snapshot: Snapshot, table: LiveTable, now: number): NodeView {
  const { loadFactor, health, silent, unconfirmed, ...live } = table.of(node.id)
  const state = nodeState({
    removal: node.removal,
    health: health.kind,
    reason: health.kind === 'down' ? health.reason : null,
    loadFactor: loadFactor ?? null,
    silent,
    unconfirmed,
  })
  return {
    node,
    name: node.removal === 'forgotten' ? 'REMOVED' : node.route,
    isOk: node.removal === 'none' && health.kind !== 'down' && loadFactor !== -1,
    state,
    loadFactor: loadFactor ?? 0,
    inFlight: live.inFlight,
    elected: live.elected,
    bytesRead: live.bytesRead,
    bytesSent: live.bytesSent,
    failures: live.failures,
    sessions: live.sessions.count(now),
    hosts: hostViews(snapshot, node.id, table.of(node.id)),
  }
}

function hostViews(snapshot: Snapshot, id: number, live: NodeLive): readonly HostView[] {
  const hosts = new Map<number, { aliases: Set<string>; contexts: Map<string, ContextView> }>()
  for (const { vhost, alias, path, status } of snapshot.contexts.get(id) ?? []) {
    const host = hosts.get(vhost) ?? { aliases: new Set(), contexts: new Map() }
    hosts.set(vhost, host)
    host.aliases.add(alias)
    const key = `${status} ${path}`
    const aliases = [...(host.contexts.get(key)?.aliases ?? []), alias]
    host.contexts.set(key, { path, status, aliases, inFlight: inFlightOn(live, [path]) })
  }
  return [...hosts]
    .sort(([a], [b]) => a - b)
    .map(([number, { aliases, contexts }]) => ({
      number,
      aliases: [...aliases],
      contexts: [...contexts.values()],
    }))
}
