// The report of a proxy as tables: nodes with their state and numbers, worker processes, and contexts. Pure.

import { systemClock } from '../../base/clock.ts'
import { hostPortText } from '../../base/host-port.ts'
import {
  type ContextReport,
  contextStatusText,
  type NodeReport,
  nodeState,
  type StatusReport,
  type WorkerReport,
  whoseStatus,
} from '../../control/status-report.ts'
import { compareStatus } from '../../wire/mcmp/context-status.ts'
import { certificateFindings } from '../doctor/certificates.ts'
import { sourceFindings } from '../doctor/sources.ts'
import { alignTable, fittedText } from '../table.ts'

const noNodes = 'No nodes are registered.\n'

/** One line for each node, and one for each worker process. @param width of the terminal; default: any. @param now wall clock, ms. */
export function statusTable(
  report: StatusReport,
  width: number = Number.POSITIVE_INFINITY,
  now: number = systemClock.wall(),
): string {
  const draining = report.draining ? 'The proxy is draining.\n' : ''
  const nodes = report.nodes.length === 0 ? noNodes : nodesTable(report, width)
  const workers = report.workers.length === 0 ? '' : `\n${workersTable(report.workers)}`
  return `${draining}${nodes}${reasonsText(report.nodes, stateMax(width))}${workers}${ordersText(report.orders)}${clusterText(report.cluster)}${enginesText(report.engines)}${sourcesText(report.sources)}${certificatesText(report.certificates, now)}`
}

function nodesTable(report: StatusReport, width: number): string {
  const isLimited = report.nodes.some(({ maxConnections }) => maxConnections !== null)
  const rows = report.nodes.map((node) => [
    node.route,
    `${node.type}://${hostPortText(node)}`,
    node.domain === '' ? node.balancer : `${node.balancer}/${node.domain}`,
    shortState(node, stateMax(width)),
    node.loadFactor === null ? '-' : String(node.loadFactor),
    node.maxConnections === null
      ? String(node.inFlight)
      : `${node.inFlight} of ${node.maxConnections}`,
    ...(isLimited ? [String(node.queued)] : []),
    String(node.room.inHand),
    String(node.room.long),
    shown(node.room.knee),
    node.room.ms === null ? '-' : shown(node.room.ms),
    String(node.elected),
    String(node.failures),
    errorsText(node),
    width < wideFrom ? plainContextsText(node) : contextsText(node),
  ])
  return fittedText(
    [
      { title: 'NODE' },
      { title: 'ADDRESS', rank: 7 },
      { title: 'BALANCER', rank: 3 },
      { title: 'STATE' },
      { title: 'LOAD', align: 'right', rank: 2 },
      { title: 'IN FLIGHT', align: 'right' },
      ...(isLimited ? [{ title: 'QUEUED', align: 'right' as const }] : []),
      { title: 'IN HAND', align: 'right', rank: 6 },
      { title: 'LONG', align: 'right', rank: 9 },
      { title: 'ROOM FOR', align: 'right', rank: 4 },
      { title: 'MS', align: 'right', rank: 1 },
      { title: 'ELECTED', align: 'right', rank: 8 },
      { title: 'FAILED', align: 'right', rank: 5 },
      { title: 'ERRORS', align: 'right' },
      { title: 'CONTEXTS' },
    ],
    rows,
    width,
  )
}

/** The share is one of all requests that were sent to the node. */
const errorsText = ({ errors, elected }: NodeReport): string =>
  errors === 0 ? '0' : `${errors} (${Math.round((100 * errors) / Math.max(errors, elected))} %)`

/** Whole numbers from ten on, else two digits. */
const shown = (value: number): string =>
  String(value >= 10 ? Math.round(value) : Number(value.toPrecision(2)))

function workersTable(workers: readonly WorkerReport[]): string {
  const lines = alignTable(
    [
      { title: 'WORKER' },
      { title: 'CONNECTIONS', align: 'right' },
      { title: 'REQUESTS', align: 'right' },
      { title: 'RESTARTS', align: 'right' },
    ],
    workers.map(({ pid, connections, requests, restarts }) => [
      pid === null ? 'restarting' : String(pid),
      String(connections),
      String(requests),
      String(restarts),
    ]),
  )
  return `${lines.join('\n')}\n`
}

/** `ENABLED / /api, STOPPED /shop (operator; node: ENABLED)`; a path is listed once, whatever its aliases. */
export const contextsText = (node: NodeReport): string => groupedText(node, whoseStatus)

/** The same without whose status it is. */
export const plainContextsText = (node: NodeReport): string => groupedText(node, () => '')

function groupedText({ contexts }: NodeReport, whose: (context: ContextReport) => string): string {
  const groups = new Map<string, { status: string; paths: Set<string>; whose: string }>()
  for (const context of contexts.toSorted((a, b) => compareStatus(a.status, b.status))) {
    const group = { status: context.status, paths: new Set<string>(), whose: whose(context) }
    const key = `${group.status} ${group.whose}`
    groups.set(key, groups.get(key) ?? group)
    groups.get(key)?.paths.add(context.path)
  }
  return [...groups.values()]
    .map((group) => `${group.status} ${[...group.paths].sort().join(' ')} ${group.whose}`.trimEnd())
    .join(', ')
}

/** Longest state in a table; what does not fit follows below it. */
const stateMax = (width: number): number => (width < wideFrom ? 24 : 48)

/** Columns of a terminal in which everything has room. */
const wideFrom = 140

function shortState(node: NodeReport, most: number = 48): string {
  const state = nodeState(node)
  return state.length <= most ? state : `${state.slice(0, most - 4).trimEnd()}...)`
}

/** Why nodes are down, as far as the table does not have it; one line for each. */
function reasonsText(nodes: readonly NodeReport[], most: number): string {
  const lines = nodes
    .filter((node) => nodeState(node).length > most)
    .map(({ route, reason }) => `${route} is down: ${reason}\n`)
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

/** The orders for nodes that are not registered, one line for each. */
function ordersText(orders: StatusReport['orders']): string {
  const lines = orders.map(
    ({ route, node, contexts }) =>
      `${route} is not registered; an operator has ordered for it: ${[
        ...(node === undefined ? [] : [node]),
        ...contexts.map(({ status, path, alias }) => `${status} ${path} on ${alias}`),
      ].join(', ')}\n`,
  )
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

/** The proxies that share the registry, and how this one stands. */
function clusterText(cluster: StatusReport['cluster']): string {
  // A proxy of an earlier version says nothing of it.
  if (cluster === null || cluster === undefined) return ''
  const { name, mode, reason, revision, lagMs, unwritten, proxies } = cluster
  const lag = lagMs === null ? '' : `, ${lagMs} ms behind`
  const waiting = unwritten === 0 ? '' : `, ${unwritten} records to write`
  const state =
    mode === 'alone' ? `alone${waiting}: ${reason}` : `joined, revision ${revision}${lag}${waiting}`
  const rows = proxies.map((proxy) => [
    proxy.isSelf ? `${proxy.name} (this one)` : proxy.name,
    proxy.control,
    proxy.zone === '' ? '-' : proxy.zone,
    proxy.version,
    `${(proxy.ageMs / 1_000).toFixed(1)} s`,
  ])
  const lines = alignTable(
    [
      { title: 'PROXY' },
      { title: 'CONTROL' },
      { title: 'ZONE' },
      { title: 'VERSION' },
      { title: 'SEEN', align: 'right' },
    ],
    rows,
  )
  return `\nCluster ${name}: ${state}\n${rows.length === 0 ? '' : `${lines.join('\n')}\n`}`
}

/** The other proxies that serve the cluster, with what they cannot serve. */
function enginesText(engines: StatusReport['engines']): string {
  // A proxy of an earlier version says nothing of them.
  if (engines === undefined || engines.length === 0) return ''
  const lines = engines.flatMap(({ engine, name, address, isConnected, isCurrent, problems }) => {
    const connected = isCurrent ? 'has the present cluster' : 'is behind'
    const who = name === '' ? address : `${name} at ${address}`
    return [
      `${engine} ${who}: ${isConnected ? connected : 'not reached'}\n`,
      ...problems.map((problem) => `  ${problem}\n`),
    ]
  })
  return `\n${lines.join('')}`
}

/** The sources of fixed nodes that need attention. */
function sourcesText(sources: StatusReport['sources']): string {
  const lines = sourceFindings(sources).flatMap(({ result, what, seen }) =>
    result === 'ok' ? [] : [`${what}: ${seen}\n`],
  )
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

/** The certificates that need attention, one line for each. */
function certificatesText(certificates: StatusReport['certificates'], now: number): string {
  const lines = certificateFindings(certificates, now).flatMap(({ result, what, seen }) =>
    result === 'ok' ? [] : [`${what}: ${seen}\n`],
  )
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

/** One line for each context; the first line of a node names the node. @param width of the terminal; default: any. */
export function contextsTable(
  nodes: readonly NodeReport[],
  width: number = Number.POSITIVE_INFINITY,
): string {
  if (nodes.length === 0) return noNodes
  const rows = nodes.flatMap((node) => {
    const contexts = contextRows(node)
    const about = [
      node.route,
      `${node.type}://${hostPortText(node)}`,
      shortState(node, stateMax(width)),
    ]
    const blank = about.map(() => '')
    if (contexts.length === 0) return [about]
    return contexts.map((context, index) => [...(index === 0 ? about : blank), ...context])
  })
  return fittedText(
    [
      { title: 'NODE' },
      { title: 'ADDRESS', rank: 1 },
      { title: 'STATE' },
      { title: 'CONTEXT' },
      { title: 'STATUS' },
      { title: 'ALIASES', rank: 2 },
    ],
    rows,
    width,
  )
}

/** Path, status and aliases of each context. */
function contextRows(node: NodeReport): string[][] {
  const rows = new Map<string, { path: string; status: string; aliases: string[] }>()
  for (const context of node.contexts) {
    const { path, alias } = context
    const status = contextStatusText(context)
    // Paths may have blanks, and no line feeds.
    const key = `${path}\n${status}`
    const row = rows.get(key) ?? { path, status, aliases: [] }
    row.aliases.push(alias)
    rows.set(key, row)
  }
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { path, status, aliases }]) => [path, status, aliases.join(', ')])
}
