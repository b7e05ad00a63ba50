// The state of the cluster as JSON: GET /api/status, read by `topspin status`.

import type { Balancer } from '../cluster/balancer.ts'
import type { ContextStatus } from '../cluster/context.ts'
import { inFlightOn, type LiveTable } from '../cluster/live.ts'
import type { Node, Removal } from '../cluster/node.ts'
import type { Snapshot } from '../cluster/snapshot.ts'
import { type PlainCounts, plainCounts, type TrafficCounts } from '../cluster/traffic-counts.ts'

export interface StatusReport {
  /** Changes since the start of the proxy. */
  readonly version: number
  readonly draining: boolean
  readonly balancers: readonly BalancerReport[]
  /** The processes that carry the traffic; none when it is this process. */
  readonly workers: readonly WorkerReport[]
  /** The file in which the registry survives; `null` when there is none. */
  readonly state: StateReport | null
  /** What all of them have counted since the start of the proxy. */
  readonly traffic: PlainCounts
  /** In table order. */
  readonly nodes: readonly NodeReport[]
}

export interface StateReport {
  readonly file: string
  /** Why the file does not hold the present state; `null` when it does, or soon will. */
  readonly reason: string | null
  readonly writes: number
  readonly failures: number
}

export interface WorkerReport {
  /** `null` while there is none: it has ended and the next one waits. */
  readonly pid: number | null
  /** Of clients, now. */
  readonly connections: number
  /** Since this process started. */
  readonly requests: number
  /** Processes in this place that ended before they were told to. */
  readonly restarts: number
}

/** A balancer's settings; its row in the tables says nothing to people. */
export type BalancerReport = Omit<Balancer, 'slot'>

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
  /** -1 broken, 0 standby, 1..100 more is freer; `null` before the first report. */
  readonly loadFactor: number | null
  /** Milliseconds since the last STATUS; `null` before the first. */
  readonly statusAgeMs: number | null
  /** STATUS stopped: standby until the next one. */
  readonly silent: boolean
  /** Known from the state file only: it has not reported since the proxy started. */
  readonly unconfirmed: boolean
  readonly health: 'up' | 'suspect' | 'down'
  /** Why it is down; `null` otherwise. */
  readonly reason: string | null
  readonly inFlight: number
  /** Sessions of its own whose requests came in the last minutes; approximate when they are many. */
  readonly sessions: number
  readonly elected: number
  readonly failures: number
  readonly bytesRead: number
  readonly bytesSent: number
  readonly contexts: readonly ContextReport[]
}

export interface ContextReport {
  readonly path: string
  readonly alias: string
  readonly status: ContextStatus
  /** Requests not yet answered, whatever the alias. */
  readonly inFlight: number
}

export function statusReport(
  snapshot: Snapshot,
  live: LiveTable,
  now: number,
  draining: boolean,
  workers: readonly WorkerReport[],
  counts: TrafficCounts,
  state: StateReport | undefined,
): StatusReport {
  return {
    version: snapshot.version,
    draining,
    balancers: [...snapshot.balancers.values()].map(({ slot: _, ...settings }) => settings),
    workers,
    state: state ?? null,
    traffic: plainCounts(counts),
    nodes: [...snapshot.nodes.values()].map((node) => nodeReport(node, snapshot, live, now)),
  }
}

function nodeReport(node: Node, snapshot: Snapshot, table: LiveTable, now: number): NodeReport {
  const live = table.of(node.id)
  return {
    route: node.route,
    balancer: node.balancer,
    domain: node.domain,
    host: node.host,
    port: node.port,
    type: node.type,
    removal: node.removal,
    fixed: node.fixed,
    loadFactor: live.loadFactor ?? null,
    statusAgeMs:
      live.statusAt === undefined || live.unconfirmed ? null : Math.round(now - live.statusAt),
    silent: live.silent,
    unconfirmed: live.unconfirmed,
    health: live.health.kind,
    reason: live.health.kind === 'down' ? live.health.reason : null,
    inFlight: live.inFlight,
    sessions: live.sessions.count(now),
    elected: live.elected,
    failures: live.failures,
    bytesRead: live.bytesRead,
    bytesSent: live.bytesSent,
    contexts: (snapshot.contexts.get(node.id) ?? []).map(({ path, alias, status }) => ({
      path,
      alias,
      status,
      inFlight: inFlightOn(live, [path]),
    })),
  }
}
