// Whatever carries the traffic, as `serving.ts` sees it: a proxy in this process, or worker processes.

import type { Socket } from 'node:net'
import type { Logger } from '../base/log.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { Change, Snapshot } from '../cluster/snapshot.ts'
import type { TrafficCounts } from '../cluster/traffic-counts.ts'
import type { TlsMaterial } from '../config/tls-files.ts'
import type { CascadeRules, TrafficSettings } from '../config/traffic-settings.ts'
import type { WorkerReport } from '../control/status-report.ts'
import type { ExplainQuestion, RequestExplanation } from '../forward/index.ts'
import type { Address } from '../proxy/index.ts'

/** What of TLS concerns the traffic. */
type TrafficTls = Pick<TlsMaterial, 'traffic' | 'nodes'>

/** What changes while it serves. */
export interface Reload {
  /** Of the log. */
  readonly level: string
  readonly rules: CascadeRules
  readonly tls: TrafficTls
}

export interface DataPlane {
  /** Begins to accept. Rejects when an address or the access log cannot be had; then nothing runs. */
  listen(): Promise<readonly Address[]>
  /** Serves a connection that the control listener has accepted; absent where no traffic runs in this process. */
  readonly take?: (socket: Socket, first: Buffer) => void
  /** Where a request would go now, and why; `undefined` when nobody could say. */
  explain(question: ExplainQuestion): Promise<RequestExplanation | undefined>
  /** Puts changes in force that the live numbers have taken over already; when it returns they are. */
  apply(changes: readonly Change[]): void | Promise<void>
  /** A node is down, up, silent or reports again: the live numbers say which. */
  tell(id: number): void
  /** Brings the live numbers up to date. */
  refresh(): void | Promise<void>
  /** Takes over what may change, and opens the access log again. */
  reload(order: Reload): Promise<void>
  workers(): readonly WorkerReport[]
  /** What all of it has counted since the start. */
  counts(): TrafficCounts
  /** Takes nothing new, lets what is under way end within the time, then closes. */
  drain(deadlineMs: number): Promise<void>
  /** Ends at once. */
  close(): Promise<void>
}

export interface DataPlaneOptions {
  readonly settings: TrafficSettings
  /** A file, `stdout` or `off`. */
  readonly accessLog: string
  /** Level of the workers' log. */
  readonly level: string
  readonly log: Logger
  /** The cluster as it is now. */
  readonly snapshot: () => Snapshot
  /** Where the traffic's numbers are gathered. */
  readonly live: LiveTable
}
