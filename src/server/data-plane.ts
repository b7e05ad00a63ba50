// The traffic, as `topspin serve` uses it: a proxy in this process, or worker processes.

import type { Socket } from 'node:net'
import type { Logger } from '../base/log.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { RequestTimes } from '../cluster/request-times.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { TrafficCounts } from '../cluster/traffic-counts.ts'
import type { AccessLogConfig } from '../config/schema-access-log.ts'
import type { TracingConfig } from '../config/schema-tracing.ts'
import type { TrafficSettings } from '../config/traffic-settings.ts'
import type { Explanation } from '../control/explanation.ts'
import type { RequestFilter, SeenRequests } from '../control/requests/request-filter.ts'
import type { WorkerReport } from '../control/status-report.ts'
import type { ExplainQuestion } from '../forward/index.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'
import type { AccessLog, Address, ParsedRequests } from '../proxy/index.ts'
import type { LineOutput } from './line-output.ts'

/** The settings of the traffic, which a reload changes. */
export interface PlaneSettings {
  readonly settings: TrafficSettings
  readonly accessLog: AccessLogConfig
  readonly tracing: TracingConfig
  /** Level of the workers' log. */
  readonly level: string
  /** Processes; 0: this one. */
  readonly workers: number
  /** How long connections may go on at an address that is not served any more, or in a worker too many, ms. */
  readonly leaveMs: number
}

export interface DataPlane {
  /** Starts the processes, if there are any, while the nodes are not known yet. To be followed by `listen` or `close`. */
  prepare(): void
  /** Starts to accept connections. Rejects when an address or the access log cannot be opened; then nothing runs. */
  listen(): Promise<readonly Address[]>
  /** Serves a connection of the control listener; `first` was read from it. Absent for worker processes. */
  readonly accept?: (socket: Socket, first: Buffer) => void
  /** Forwards requests that a server of Node.js has parsed. Absent for worker processes. */
  readonly requests?: ParsedRequests
  /** Where a request would go now in each process, and why; undefined when no process answers. */
  explain(question: ExplainQuestion): Promise<Explanation | undefined>
  /** Puts changes in force; the live numbers have them already. */
  apply(changes: readonly Change[]): void | Promise<void>
  /** A node is down, up, silent or reports again; the live numbers have its new state. */
  notify(id: number): void
  /** Brings the live numbers up to date. */
  refresh(): void | Promise<void>
  /**
   * Opens the addresses that are not open yet, before a reload.
   * @returns all of the addresses. Rejects with a TopspinError LISTEN when one cannot be opened; then nothing changes.
   */
  open(settings: PlaneSettings): Promise<readonly Address[]>
  /** Puts other settings in force, and in the same moment these changes: nodes may need the settings. */
  reload(settings: PlaneSettings, changes: readonly Change[]): Promise<void>
  /** Reports requests that fit one of the filters from now on; none when there are no filters. */
  followRequests(filters: readonly RequestFilter[], report: (seen: SeenRequests) => void): void
  /** Opens the file of the access log again by its name. */
  reopenLogs(): void
  workers(): readonly WorkerReport[]
  /** Totals since the start. */
  counts(): TrafficCounts
  /** The times of requests since the start. */
  requestTimes(): RequestTimes
  /** From now on responses end their connections; new connections are still accepted. */
  announceEnd(): void
  /** The handle on the socket of an address with this name (`listenKeys`), for another process. */
  socketAt(key: string): ListenHandle | undefined
  /**
   * Accepts nothing new, lets requests in flight end within `deadlineMs`, then closes.
   * @param isReplaced see `ReverseProxy.drain`.
   */
  drain(deadlineMs: number, isReplaced: boolean): Promise<void>
  /** Closes at once. */
  close(): Promise<void>
}

export interface DataPlaneOptions extends PlaneSettings {
  /** The socket that another process has opened for the address with this name (`listenKeys`). */
  readonly inherited: (key: string) => ListenHandle | undefined
  readonly log: Logger
  /** Standard output of this process. */
  readonly lines: LineOutput
  /** The present cluster. */
  readonly snapshot: () => Snapshot
  /** The live numbers of nodes, which the traffic updates. */
  readonly live: LiveTable
  /** Called at the end of each request; in this process alone. */
  readonly onRequest?: AccessLog | undefined
}
