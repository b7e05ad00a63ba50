// The content of the manager page: nodes by domain, each with its virtual hosts (mcmp.md 6). Pure; made by the
// manager for each request.

import { ownStatusOf } from '../../cluster/context.ts'
import { inFlightOn, type LiveTable, type NodeLive } from '../../cluster/live.ts'
import type { Node } from '../../cluster/node.ts'
import type { OrderedStatus } from '../../cluster/orders.ts'
import type { Snapshot } from '../../cluster/snapshot.ts'
import type { ContextStatus } from '../../wire/mcmp/context-status.ts'
import { type NodeReport, nodeReport } from '../status-report.ts'

export interface DomainView {
  /** '' for the nodes without a domain. */
  readonly name: string
  readonly nodes: Iterable<NodeView>
}

export interface NodeView {
  readonly node: Node
  /** The figures of the node, as in /api/status. */
  readonly report: NodeReport
  /** The route, or REMOVED for a node that is about to leave the tables. */
  readonly name: string
  /** Whether the proxy may send requests to the node. */
  readonly isOk: boolean
  readonly hosts: readonly HostView[]
}

export interface HostView {
  /** Counted from 1 for each node. */
  readonly number: number
  readonly aliases: readonly string[]
  /** A path whose aliases differ in status or orders appears once for each. */
  readonly contexts: readonly ContextView[]
}

export interface ContextView {
  readonly path: string
  readonly status: ContextStatus
  /** What an operator has ordered, and the node's own status beside it; absent where nothing is ordered. */
  readonly order?: OrderedStatus
  readonly own?: ContextStatus
  readonly aliases: readonly string[]
  /** Requests in flight on the path, under any alias. */
  readonly inFlight: number
}

/** The domains by name; the nodes of each are made as they are read. @param now monotonic ms. */
export function managerView(
  snapshot: Snapshot,
  live: LiveTable,
  now: number,
): readonly DomainView[] {
  const byDomain = new Map<string, Node[]>()
  for (const node of snapshot.nodes.values()) {
    const domain = node.removal === 'forgotten' ? '' : node.domain
    const nodes = byDomain.get(domain)
    if (nodes === undefined) byDomain.set(domain, [node])
    else nodes.push(node)
  }
  const view = (node: Node): NodeView => nodeView(node, snapshot, live, now)
  return [...byDomain]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, nodes]) => ({ name, nodes: mapped(nodes.sort(byName), view) }))
}

const nameOf = ({ removal, route }: Node): string => (removal === 'forgotten' ? 'REMOVED' : route)

const byName = (a: Node, b: Node): number => (nameOf(a) < nameOf(b) ? -1 : 1)

function* mapped<Item, Result>(
  items: Iterable<Item>,
  make: (item: Item) => Result,
): Generator<Result> {
  for (const item of items) yield make(item)
}

function nodeView(node: Node, snapshot: Snapshot, live: LiveTable, now: number): NodeView {
  const report = nodeReport(node, snapshot, live, now)
  return {
    node,
    report,
    name: nameOf(node),
    isOk: node.removal === 'none' && report.health !== 'down' && report.loadFactor !== -1,
    hosts: hostViews(snapshot, node.id, live.of(node.id)),
  }
}

type OpenView = ContextView & { readonly aliases: string[] }

function hostViews(snapshot: Snapshot, id: number, live: NodeLive): readonly HostView[] {
  const hosts = new Map<number, { aliases: Set<string>; contexts: Map<string, OpenView> }>()
  for (const row of snapshot.contexts.get(id) ?? []) {
    const { vhost, alias, path, status, order } = row
    const own = ownStatusOf(row)
    const host = hosts.get(vhost) ?? { aliases: new Set(), contexts: new Map() }
    hosts.set(vhost, host)
    host.aliases.add(alias)
    const key = `${status} ${own} ${order} ${path}`
    const known = host.contexts.get(key)
    if (known !== undefined) known.aliases.push(alias)
    else
      host.contexts.set(key, {
        path,
        status,
        ...(order === undefined ? {} : { order, own }),
        aliases: [alias],
        inFlight: inFlightOn(live, [path]),
      })
  }
  return [...hosts]
    .sort(([a], [b]) => a - b)
    .map(([number, { aliases, contexts }]) => ({
      number,
      aliases: [...aliases],
      contexts: [...contexts.values()],
    }))
}
