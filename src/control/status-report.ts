// The state of the cluster as JSON: GET /api/status, read by `topspin status` and by the other commands. The
// manager page shows the same figures.

import type { Balancer } from '../cluster/balancer.ts'
import { ownStatusOf } from '../cluster/context.ts'
import { inFlightOn, isEjectedAnywhere, type LiveTable, type NodeLive } from '../cluster/live.ts'
import type { Node, Removal } from '../cluster/node.ts'
import type { OrderedStatus, Orders } from '../cluster/orders.ts'
import { absentOrders } from '../cluster/registry/operator.ts'
import { roomFigures } from '../cluster/room-figures.ts'
import type { Snapshot } from '../cluster/snapshot.ts'
import { type PlainCounts, plainCounts, type TrafficCounts } from '../cluster/traffic-counts.ts'
import type { ContextStatus } from '../wire/mcmp/context-status.ts'
import type { CertificateReport } from './certificate-report.ts'
import type { EngineReport } from './engine-report.ts'
import type { SharingReport } from './sharing.ts'
import type { SourceReport } from './source-report.ts'

export interface StatusReport {
  /** Changes since the proxy started. */
  readonly version: number
  readonly draining: boolean
  readonly balancers: readonly BalancerReport[]
  /** The processes that carry the traffic; none when this process carries it. */
  readonly workers: readonly WorkerReport[]
  /** The file that keeps the registry over a restart; `null` when there is none. */
  readonly state: StateReport | null
  /** The registry that proxies share; `null` when this proxy has one of its own. */
  readonly cluster: SharingReport | null
  /** Other proxies that are given the cluster (`haproxy`, `xds`). */
  readonly engines: readonly EngineReport[]
  /** Sources of fixed nodes (`to`). */
  readonly sources: readonly SourceReport[]
  /** Those that this proxy serves. */
  readonly certificates: readonly CertificateReport[]
  /** Totals of all traffic processes since the proxy started. */
  readonly traffic: PlainCounts
  /** In table order. */
  readonly nodes: readonly NodeReport[]
  /** Orders of operators for nodes that are not registered now. */
  readonly orders: readonly Orders[]
}

export interface StateReport {
  readonly file: string
  /** Why the file does not hold the present state; `null` when it does, or is about to. */
  readonly reason: string | null
  readonly writes: number
  readonly failures: number
}

export interface WorkerReport {
  /** `null` while its process has ended and the next one has not started. */
  readonly pid: number | null
  /** Open client connections. */
  readonly connections: number
  /** Requests since this process started. */
  readonly requests: number
  /** Processes in this place that ended unexpectedly. */
  readonly restarts: number
}

/** A balancer's settings, without its row in the registry's tables. */
export type BalancerReport = Omit<Balancer, 'slot' | 'isForceDefault'>

export interface NodeReport {
  readonly route: string
  readonly balancer: string
  /** '' when none. */
  readonly domain: string
  readonly host: string
  readonly port: number
  readonly type: string
  readonly removal: Removal
  /** Named in the configuration. */
  readonly fixed: boolean
  /** A fixed node that gets requests only while no other one is usable. */
  readonly backup: boolean
  /** Where a fixed node that is not listed in the configuration comes from, as `dns app.internal:8080`; else ''. */
  readonly source: string
  /** -1 broken, 0 standby, 1..100 more is freer; `null` before the first report. */
  readonly loadFactor: number | null
  /** Milliseconds since the last STATUS; `null` before the first. */
  readonly statusAgeMs: number | null
  /** It stopped reporting, and is on standby until the next STATUS. */
  readonly silent: boolean
  /** Read from the state file; it has not reported since the proxy started. */
  readonly unconfirmed: boolean
  /** `unchecked`: a fixed node before its first check or response. */
  readonly health: 'up' | 'unchecked' | 'suspect' | 'down'
  /** Why it is down; `null` otherwise. */
  readonly reason: string | null
  /** Ejected for errors for a while: it gets requests of its own sessions only. In at least one traffic process. */
  readonly ejectedForErrors: boolean
  readonly inFlight: number
  /** Open connections to it, idle ones included. */
  readonly connections: number
  /** Limit of the requests in flight, in all processes; `null`: none. */
  readonly maxConnections: number | null
  /** Requests that wait in its queue. */
  readonly queued: number
  /** The figures of `byRoom`. */
  readonly room: RoomReport
  /** Its own sessions with a request in the last minutes; approximate when there are many. */
  readonly sessions: number
  readonly elected: number
  /** Attempts without a complete response. */
  readonly failures: number
  /** Responses with a status of 500 or more. */
  readonly errors: number
  readonly bytesRead: number
  readonly bytesSent: number
  /** Percent of its share that an operator lets it have; 100: nothing is ordered. */
  readonly weight: number
  /** An operator has taken it out until it is readmitted. */
  readonly ejected: boolean
  /** What an operator has ordered for the whole node; absent: nothing. */
  readonly order?: OrderedStatus
  readonly contexts: readonly ContextReport[]
}

/** Of all traffic processes: requests added up, the other figures as means. */
interface RoomReport {
  /** Requests in hand, without the long ones. */
  readonly inHand: number
  /** Upgraded connections, and requests that take much longer than others. */
  readonly long: number
  /** Service time of a request below the knee, ms; `null` before the first response. */
  readonly ms: number | null
  /** Requests that the node processes concurrently, as observed so far. */
  readonly knee: number
}

export interface ContextReport {
  readonly path: string
  readonly alias: string
  /** The node's own, or the one that an operator has ordered: the less enabled counts. */
  readonly status: ContextStatus
  /** What an operator has ordered, and the node's own status beside it; absent where nothing is ordered. */
  readonly order?: OrderedStatus
  readonly own?: ContextStatus
  /** Requests in flight on the path, under any alias. */
  readonly inFlight: number
}

/** The parts of a report that are not about the cluster. */
interface ProcessState {
  readonly draining: boolean
  readonly workers: readonly WorkerReport[]
  readonly counts: TrafficCounts
  readonly state: StateReport | undefined
  readonly sharing?: SharingReport | undefined
  readonly engines?: readonly EngineReport[]
  readonly sources?: readonly SourceReport[]
  readonly certificates: readonly CertificateReport[]
}

/** @param now monotonic ms. @returns the report; its nodes are made as they are read, once. */
export function statusReport(
  snapshot: Snapshot,
  live: LiveTable,
  now: number,
  {
    draining,
    workers,
    counts,
    state,
    sharing,
    engines = [],
    sources = [],
    certificates,
  }: ProcessState,
): Omit<StatusReport, 'nodes'> & { readonly nodes: Iterable<NodeReport> } {
  return {
    version: snapshot.version,
    draining,
    balancers: [...snapshot.balancers.values()].map(
      ({ slot: _, isForceDefault: __, ...settings }) => settings,
    ),
    workers,
    state: state ?? null,
    cluster: sharing ?? null,
    engines,
    sources,
    certificates,
    traffic: plainCounts(counts),
    nodes: nodeReports(snapshot, live, now),
    orders: absentOrders(snapshot),
  }
}

function* nodeReports(snapshot: Snapshot, live: LiveTable, now: number): Generator<NodeReport> {
  for (const node of snapshot.nodes.values()) yield nodeReport(node, snapshot, live, now)
}

/** @param now monotonic ms. */
export function nodeReport(
  node: Node,
  snapshot: Snapshot,
  table: LiveTable,
  now: number,
): NodeReport {
  const live = table.of(node.id)
  const { statusAt, health } = live
  const orders = node.removal === 'none' ? snapshot.orders.get(node.route) : undefined
  const order = orders?.node
  return {
    route: node.route,
    balancer: node.balancer,
    domain: node.domain,
    host: node.host,
    port: node.port,
    type: node.type,
    removal: node.removal,
    fixed: node.fixed,
    backup: node.own?.backup ?? false,
    source: node.own?.source ?? '',
    loadFactor: live.loadFactor ?? null,
    statusAgeMs: statusAt === undefined || live.unconfirmed ? null : Math.round(now - statusAt),
    silent: live.silent,
    unconfirmed: live.unconfirmed,
    health: health.kind,
    reason: health.kind === 'down' ? health.reason : null,
    ejectedForErrors: isEjectedAnywhere(live),
    inFlight: live.inFlight,
    connections: live.connections,
    maxConnections: node.own?.maxConnections || null,
    queued: live.waiting,
    room: roomReport(live, now),
    sessions: live.sessions.count(now),
    elected: live.elected,
    failures: live.failures,
    errors: live.errors,
    bytesRead: live.bytesRead,
    bytesSent: live.bytesSent,
    weight: orders?.weight ?? 100,
    ejected: orders?.ejected === true,
    ...(order === undefined ? {} : { order }),
    contexts: (snapshot.contexts.get(node.id) ?? []).map((row) => ({
      path: row.path,
      alias: row.alias,
      status: row.status,
      ...(row.order === undefined ? {} : { order: row.order, own: ownStatusOf(row) }),
      inFlight: inFlightOn(live, [row.path]),
    })),
  }
}

function roomReport(live: NodeLive, now: number): RoomReport {
  const { inHand, long, ms, knee, answers } = roomFigures(live, now)
  return { inHand, long, ms: answers === 0 ? null : rounded(ms), knee: rounded(knee) }
}

/** Three digits behind the point. */
const rounded = (value: number): number => Number(value.toFixed(3))

/** A node's state in one word, with the reason when it is down; for the manager page and the commands. */
export function nodeState(
  node: Pick<
    NodeReport,
    | 'removal'
    | 'health'
    | 'reason'
    | 'ejectedForErrors'
    | 'loadFactor'
    | 'silent'
    | 'unconfirmed'
    | 'contexts'
    | 'backup'
    | 'ejected'
  >,
): string {
  if (node.removal !== 'none') return 'removed'
  if (node.health === 'down') return `down (${node.reason})`
  if (node.ejected) return 'ejected'
  if (node.loadFactor === -1) return 'broken'
  if (node.ejectedForErrors) return 'ejected (errors)'
  if (node.silent) return 'silent'
  if (node.unconfirmed) return 'unconfirmed'
  if (node.loadFactor === null) return 'starting'
  if (node.loadFactor === 0) return 'standby'
  const serving = servingState(node.contexts)
  if (serving !== undefined) return serving
  return node.backup ? `${node.health} (backup)` : node.health
}

/** Of a node that is well and serves nothing, or nothing new; undefined otherwise. */
function servingState(contexts: readonly Pick<ContextReport, 'status'>[]): string | undefined {
  const has = (wanted: ContextStatus): boolean => contexts.some(({ status }) => status === wanted)
  if (contexts.length === 0 || has('ENABLED')) return undefined
  return has('DISABLED') ? 'disabled' : 'stopped'
}

type Statuses = Pick<ContextReport, 'status' | 'own' | 'order'>

/** Whose the status of a context is, in brackets; '' where no operator has ordered anything. */
export function whoseStatus({ status, own = status, order }: Statuses): string {
  if (order === undefined) return ''
  if (own === order) return '(operator and node)'
  return status === order ? `(operator; node: ${own})` : `(node; operator: ${order})`
}

/** The status of a context and whose it is; for the page and the commands. */
export const contextStatusText = (context: Statuses): string =>
  `${context.status} ${whoseStatus(context)}`.trimEnd()
