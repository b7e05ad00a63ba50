// The options of the control service in groups, and their defaults. Read by start-control.ts and its parts.

import type { Socket } from 'node:net'
import { Budget } from '../base/budget.ts'
import { type Clock, type Random, systemClock } from '../base/clock.ts'
import { mcmpLimits } from '../base/limits.ts'
import { type Logger, silent } from '../base/log.ts'
import { defaultHealthLimits, type HealthLimits } from '../cluster/health.ts'
import type { HealthRule } from '../cluster/health-rule.ts'
import type { LiveTable } from '../cluster/live.ts'
import type { Registry } from '../cluster/registry.ts'
import { RequestTimes } from '../cluster/request-times.ts'
import type { Change } from '../cluster/snapshot.ts'
import { newCounters, type TrafficCounts } from '../cluster/traffic-counts.ts'
import type { ExplainQuestion, RequestExplanation } from '../forward/index.ts'
import { openFilesMax } from '../host/open-files.ts'
import { type NodeLookup, nodeLookup } from '../net/checked-lookup.ts'
import type { ListenAddress } from '../net/listen-at.ts'
import { networkCheck } from '../net/network-check.ts'
import { type Probe, probe } from '../net/probe.ts'
import type { TlsServerOptions } from '../net/tls-options.ts'
import type { ListenHandle } from '../node-internals/listen-handle.ts'
import { isSecret, secretForm } from '../wire/authorization.ts'
import type { FramedRequest } from '../wire/mcmp/frame.ts'
import { ownHostCheck } from './access.ts'
import type { CertificateReport } from './certificate-report.ts'
import { ClusterLog } from './cluster-log.ts'
import { controlRoom } from './connection-limits.ts'
import { ControlCounts } from './counts.ts'
import type { EngineReport } from './engine-report.ts'
import { EventRing } from './events/event-ring.ts'
import { recordingLog } from './events/recording-log.ts'
import type { Explanation } from './explanation.ts'
import { hostCheck } from './host-check.ts'
import { type AccessToken, Identities } from './identity.ts'
import type { Inspection } from './inspection.ts'
import type { Operations } from './operations.ts'
import type { PageResponse } from './page-response.ts'
import type { RequestFilter, SeenRequests } from './requests/request-filter.ts'
import type { Sharing } from './sharing.ts'
import { Slices } from './slices.ts'
import type { SourceReport } from './source-report.ts'
import type { StateReport, WorkerReport } from './status-report.ts'

export interface ControlOptions {
  /**
   * Address for messages and pages; port 0 is any free port. The file of a unix socket has mode 600 by default. Every machine that can reach it can register
   * nodes, and so receive traffic. Default: none, and no node can register.
   */
  readonly listen?: ListenAddress | undefined
  /** A second address for pages alone, because browsers refuse to connect to port 6666. Default: none. */
  readonly console?: ListenAddress | undefined
  /** The sockets of these addresses, where another process has opened them. Default: none. */
  readonly sockets?: ControlSockets
  /** TLS for both addresses; with `clientAuth` nodes must show a certificate. Default: no TLS. */
  readonly tls?: TlsServerOptions | undefined
  readonly registry: Registry
  readonly live: LiveTable
  readonly traffic: ControlledTraffic
  readonly access?: AccessOptions
  readonly limits?: ConnectionLimits
  readonly watch?: WatchOptions
  /** The state file for /api/status and /metrics. Default: none. */
  readonly state?: () => StateReport | undefined
  /** The certificates in force for /api/status, the API and /metrics. Default: none. */
  readonly certificates?: () => readonly CertificateReport[]
  /** URLs of the status pages of peers, for the API. Default: none. */
  readonly peerPages?: readonly string[]
  /** Listeners and configuration for the API. Default: none. */
  readonly inspection?: Inspection | undefined
  /**
   * Whether the manager page also accepts actions by GET with its token, as httpd does, for existing scripts.
   * Default false: POST only.
   */
  readonly compat?: boolean
  /** What operators can do by POST. Default: nothing. */
  readonly operations?: Operations | undefined
  /** The web console, below `/console/`. Default: none. */
  readonly consolePages?: ConsoleResponder | undefined
  /** Where other proxies share the registry. Default: this proxy has one of its own. */
  readonly sharing?: Sharing | undefined
  /** Other proxies that serve the cluster. Default: none. */
  readonly engines?: () => readonly EngineReport[]
  /** Sources of fixed nodes. Default: none. */
  readonly sources?: () => readonly SourceReport[]
  /** Whether /readyz may answer 200, read for each request. Default: it may. */
  readonly isReady?: () => boolean
  /** Requests wait for it, and the watch over nodes begins then. Default: nothing waits. */
  readonly begins?: Promise<void>
  readonly clock?: Clock
  readonly random?: Random
  /** Default: no log. */
  readonly log?: Logger
  /** Where the lines of `log` are kept for the API, if somebody else fills it too. Default: filled here. */
  readonly events?: EventRing
  /** The counters of /metrics about the control listener, if somebody else counts in them too. Default: new ones. */
  readonly counts?: ControlCounts
}

interface ConsoleResponder {
  readonly respond: (request: FramedRequest, path: string) => Promise<PageResponse>
}

interface ControlSockets {
  readonly listen?: ListenHandle | undefined
  readonly console?: ListenHandle | undefined
}

/** The traffic, which runs in this process or in workers, as the control service uses it. */
interface ControlledTraffic {
  /** Puts changes into force everywhere. The reply to a message is sent after it (mcmp.md decision 57). */
  readonly apply: (changes: readonly Change[]) => void | Promise<void>
  /** Called when a node is down, up, silent or reports again; `live` has the new state. Default: nothing. */
  readonly notify?: (id: number) => void
  /** Brings `live` up to date before it is shown. Default: nothing, for traffic in this process. */
  readonly refresh?: () => void | Promise<void>
  /** The worker processes for /api/status. Default: none. */
  readonly workers?: () => readonly WorkerReport[]
  /** Totals for /api/status and /metrics. Default: all 0. */
  readonly counts?: () => TrafficCounts
  /** The times of requests for /metrics. Default: none. */
  readonly requestTimes?: () => RequestTimes
  /** Where a request would go, for /api/v1/explain; `undefined` when no process answers. Default: `undefined`. */
  readonly explain?: (
    question: ExplainQuestion,
  ) => Promise<Explanation | RequestExplanation | undefined>
  /** Reports requests that fit one of the filters from now on; none when there are no filters. Default: none. */
  readonly followRequests?: (
    filters: readonly RequestFilter[],
    report: (seen: SeenRequests) => void,
  ) => void
  /**
   * Accepts a connection whose first request is neither a message nor for a page, with the bytes that were
   * read: one port for everything. Every client can then register nodes, too. Default: none.
   */
  readonly accept?: ((socket: Socket, first: Buffer) => void) | undefined
}

/** Who may connect, and where nodes may be. */
interface AccessOptions {
  /**
   * Names under which pages are asked for, beside addresses, `localhost` and names without dots; `.suffix` for all
   * names below. Default: none.
   */
  readonly names?: readonly string[]
  /** Addresses and networks (CIDR) that may connect; other connections are closed at once. Default: all. */
  readonly allow?: readonly string[]
  /**
   * Required for everything but /livez and /readyz, as `Authorization: Bearer SECRET` or as the password of
   * Basic. 8 to 256 visible ASCII characters. Default '': none.
   */
  readonly secret?: string
  /** Who may use the pages beside those with the secret; without either, all who can connect may read. Default: none. */
  readonly tokens?: readonly AccessToken[]
  /**
   * Where nodes may be: addresses, networks, host names, and `.suffix` for all names below. Default:
   * everywhere except link-local and other addresses at which clouds serve credentials.
   */
  readonly nodes?: readonly string[]
}

/** Bounds on connections to the listener. */
interface ConnectionLimits {
  /** Open connections. Default: 20,000 or a quarter of the open files of the process, whichever is less, and 1000 at least. */
  readonly connectionsMax?: number
  /** Open connections from one address. Default: four fifths of the default of `connectionsMax`. */
  readonly sourceConnectionsMax?: number
  /** Requests in progress from one address. Default 200. */
  readonly sourceMessagesMax?: number
  /** Body of one message, bytes. Default 65_536. */
  readonly messageBytesMax?: number
  /** A connection is closed after this time without a request, ms. Default 30_000. */
  readonly idleMs?: number
  /** Deadline for the bytes of one request, and for those of one response, ms. Default 10_000. */
  readonly transferMs?: number
}

/** How nodes are watched. */
interface WatchOptions {
  /** Default: over the network, with the authorities that Node.js trusts. */
  readonly probe?: Probe
  readonly health?: HealthLimits
  /** A node whose last STATUS is older than this is on standby, ms; 0: never. Default 60_000 (decision 39). */
  readonly statusTimeoutMs?: number
  /** How nodes are probed, read for each probe: a reload may change it. Default: every node by `defaultCheck`. */
  readonly rules?: () => readonly HealthRule[]
  /** A node that is down for longer than this is removed, ms. Default 300_000 (decision 40). */
  readonly removeDownMs?: number
}

type Grouped = 'traffic' | 'access' | 'limits' | 'watch'

/** The rules of `AccessOptions` as functions. */
interface AccessChecks {
  /** Whether an address may connect. */
  readonly admits: (address: string) => boolean
  /** Whether a `Host` field stands for these listeners. */
  readonly isOwnHost: (host: string) => boolean
  /** Who sends a request for a page. */
  readonly identities: Identities
  /** Whether a node may register at a host. */
  readonly mayRegister: (host: string) => Promise<boolean>
  /** Leaves out the addresses of registered nodes that `access.nodes` does not allow. */
  readonly lookupOf: NodeLookup
}

/** The options with every default filled in. The same object from start to end; a reload changes its values. */
export interface ControlSettings extends Required<Omit<ControlOptions, Grouped>> {
  readonly traffic: Required<ControlledTraffic>
  readonly access: Required<AccessOptions>
  readonly limits: Required<ConnectionLimits>
  readonly watch: Required<WatchOptions>
  readonly clusterLog: ClusterLog
  /** For answers about all nodes. */
  readonly slices: Slices
  readonly checks: AccessChecks
  /** Probes of nodes that are up and quiet, by the watch and on behalf of STATUS. */
  readonly quietProbes: Budget
}

/** @throws RangeError for a secret of another form, and for an entry of `access` that is not an address, network or name. */
export function controlSettings(options: ControlOptions): ControlSettings {
  const { secret = '' } = options.access ?? {}
  if (secret !== '' && !isSecret(secret)) throw new RangeError(`secret: ${secretForm}`)
  const { nodes = [], allow = [], names = [], tokens = [] } = options.access ?? {}
  for (const { name, token } of tokens)
    if (token !== undefined && !isSecret(token))
      throw new RangeError(`token ${name}: ${secretForm}`)
  const { clock = systemClock } = options
  const events = options.events ?? new EventRing(() => clock.wall())
  const given = options.log ?? silent
  const log = options.events === undefined ? recordingLog(given, events) : given
  return {
    listen: undefined,
    console: undefined,
    sockets: {},
    tls: undefined,
    state: () => undefined,
    certificates: () => [],
    peerPages: [],
    inspection: undefined,
    compat: false,
    operations: undefined,
    consolePages: undefined,
    sharing: undefined,
    engines: () => [],
    sources: () => [],
    isReady: () => true,
    begins: Promise.resolve(),
    counts: new ControlCounts(),
    random: Math.random,
    ...options,
    clock,
    log,
    events,
    clusterLog: new ClusterLog(log, clock),
    slices: new Slices(clock),
    quietProbes: new Budget(mcmpLimits.quietProbesBurst, mcmpLimits.quietProbesRate, clock.now()),
    checks: {
      admits: allow.length === 0 ? () => true : networkCheck(allow, 'control.allow'),
      isOwnHost: ownHostCheck(names),
      identities: new Identities(secret, tokens),
      mayRegister: hostCheck(nodes),
      lookupOf: nodeLookup(nodes, { log, clock }),
    },
    traffic: { ...trafficDefaults, ...options.traffic },
    access: { names: [], allow: [], secret: '', tokens: [], nodes: [], ...options.access },
    limits: { ...limitDefaults, ...options.limits },
    watch: { ...watchDefaults, ...options.watch },
  }
}

const trafficDefaults: Required<Omit<ControlledTraffic, 'apply'>> = {
  notify: () => {},
  refresh: () => {},
  workers: () => [],
  counts: newCounters,
  requestTimes: () => new RequestTimes(),
  explain: async () => undefined,
  followRequests: () => {},
  accept: undefined,
}

const limitDefaults: Required<ConnectionLimits> = {
  ...controlRoom(openFilesMax()),
  sourceMessagesMax: mcmpLimits.sourceMessagesMax,
  messageBytesMax: mcmpLimits.messageBytesMax,
  idleMs: mcmpLimits.idleMs,
  transferMs: mcmpLimits.transferMs,
}

const noRules: readonly HealthRule[] = []

const watchDefaults: Required<WatchOptions> = {
  probe,
  health: defaultHealthLimits,
  statusTimeoutMs: mcmpLimits.statusTimeoutMs,
  rules: () => noRules,
  removeDownMs: mcmpLimits.removeDownMs,
}
