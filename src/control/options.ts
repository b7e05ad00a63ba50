// What the control service is given and what it falls back to. Read by `start-control.ts` and its parts.

import type { Socket } from 'node:net'
import { type Clock, type Random, systemClock } from '../base/clock.ts'
import { mcmpLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { defaultHealthLimits, type HealthLimits } from '../cluster/health.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { Registry } from '../cluster/registry.ts'
import type { Change } from '../cluster/snapshot.ts'
import { newCounters, type TrafficCounts } from '../cluster/traffic-counts.ts'
import type { ExplainQuestion, RequestExplanation } from '../forward/index.ts'
import type { HostPort } from '../net/host-port.ts'
import { type Probe, probe } from '../net/probe.ts'
import type { TlsServerOptions } from '../net/tls-acceptor.ts'
import type { StateReport, WorkerReport } from './status-report.ts'

export interface ControlOptions {
  /** Address to listen on; whoever can reach it can register nodes and so take traffic. */
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Nodes speak TLS here, and with `clientAuth` show who they are. Default: they speak plainly. */
  readonly tls?: TlsServerOptions | undefined
  /** Listens here too, for pages alone: browsers refuse to speak to port 6666. Default: nowhere. */
  readonly console?: HostPort | undefined
  /**
   * Takes over a connection whose first request is neither a message nor for a page, with the bytes that were
   * read: one port for everything. Whoever is a client can then register too. Default: nobody does.
   */
  readonly traffic?: ((socket: Socket, first: Buffer) => void) | undefined
  readonly registry: Registry
  readonly live: LiveTable
  /** Makes changes take effect everywhere; the reply is sent when it has returned (mcmp.md decision 57). */
  readonly onChanges: (changes: readonly Change[]) => void | Promise<void>
  /** A node is down, up, silent or reports again, as `live` says: for traffic in other processes. Default: nothing. */
  readonly onEligibility?: (id: number) => void
  /** Brings `live` up to date before it is shown, when traffic runs in other processes. Default: nothing. */
  readonly refresh?: () => void | Promise<void>
  /** The traffic processes to show in /api/status. Default: none. */
  readonly workers?: () => readonly WorkerReport[]
  /** Where a request would go now, for /api/explain; `undefined` when nobody can say. Default: nobody. */
  readonly explain?: (question: ExplainQuestion) => Promise<RequestExplanation | undefined>
  /** What the traffic has counted, for /api/status and /metrics. Default: nothing. */
  readonly counts?: () => TrafficCounts
  /** The state file to show in /api/status and /metrics. Default: there is none. */
  readonly state?: () => StateReport | undefined
  readonly clock?: Clock
  readonly random?: Random
  readonly log?: Logger
  /** How nodes are asked whether they are there. */
  readonly probe?: Probe
  readonly health?: HealthLimits
  /** Addresses and networks (CIDR) from which connections are taken; others are closed at once. Default: all. */
  readonly allow?: readonly string[]
  /**
   * What everything but /livez and /readyz must carry, as `Authorization: Bearer SECRET` or as the password of
   * Basic. 8 to 256 visible ASCII characters. Default '': nothing is asked for.
   */
  readonly secret?: string
  /**
   * Where nodes may be: addresses, networks, host names, and `.suffix` for all names below. Default:
   * everywhere but at link-local addresses and others where clouds hand out credentials.
   */
  readonly nodesAllow?: readonly string[]
  /**
   * The manager page takes actions by GET with its token too, as httpd's does, for scripts that know no other
   * way. Default false: by POST alone.
   */
  readonly compat?: boolean
  /** Connections from one address at a time. Default 800. */
  readonly sourceConnectionsMax?: number
  /** Messages from one address that are being worked on at a time. Default 200. */
  readonly sourceMessagesMax?: number
  /** Connections to the listener at a time. Default 1000. */
  readonly connectionsMax?: number
  /** Longest message body, bytes. Default 65_536. */
  readonly messageBytesMax?: number
  /** A connection without a request is closed after this. Default 30_000 ms. */
  readonly idleMs?: number
  /** Deadline of one request's bytes, and of one reply's. Default 10_000 ms. */
  readonly transferMs?: number
  /** A node that has sent STATUS and then none for this long is standby. Default 60_000 ms; 0: never (decision 39). */
  readonly statusTimeoutMs?: number
  /** A node from which nothing was read for this long is asked. Default 5_000 ms. */
  readonly idleProbeMs?: number
  /** A node is removed after more than this many idle periods of failed probes. Default 60 (decision 40). */
  readonly probeFailuresMax?: number
}

export type ControlSettings = Required<ControlOptions>

export const withDefaults = (options: ControlOptions): ControlSettings => ({
  clock: systemClock,
  random: Math.random,
  tls: undefined,
  onEligibility: () => {},
  refresh: () => {},
  workers: () => [],
  explain: async () => undefined,
  counts: newCounters,
  state: () => undefined,
  log: silent,
  probe,
  health: defaultHealthLimits,
  allow: [],
  secret: '',
  nodesAllow: [],
  console: undefined,
  traffic: undefined,
  compat: false,
  sourceConnectionsMax: mcmpLimits.sourceConnectionsMax,
  sourceMessagesMax: mcmpLimits.sourceMessagesMax,
  connectionsMax: mcmpLimits.connectionsMax,
  messageBytesMax: mcmpLimits.messageBytesMax,
  idleMs: mcmpLimits.idleMs,
  transferMs: mcmpLimits.transferMs,
  statusTimeoutMs: 60_000,
  idleProbeMs: 5_000,
  probeFailuresMax: 60,
  ...options,
})
