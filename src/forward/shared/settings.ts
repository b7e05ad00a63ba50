// The settings of a process that forwards requests, with their defaults. Times are milliseconds.

import { randomBytes } from 'node:crypto'
import type { Clock, Random } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { UserCandidacy } from '../../candidacy/candidacy.ts'
import type { CascadeEntry } from '../../candidacy/cascades.ts'
import { autoCascade } from '../../candidacy/proxy-cascades.ts'
import { defaultHealthLimits, type HealthLimits } from '../../cluster/health.ts'
import type { LiveTable } from '../../cluster/live.ts'
import { defaultOutlierLimits, type OutlierLimits } from '../../cluster/outlier.ts'
import type { ProcessShare } from '../../cluster/process-share.ts'
import type { SendProxyRule } from '../../cluster/send-proxy.ts'
import type { NodeTlsOptions } from '../../net/node-tls.ts'
import type { TrustedHeader } from '../../wire/forwarded.ts'
import type { Underscores } from '../../wire/http/field-name.ts'
import { defaultHeadLimits, type HeadLimits } from '../../wire/http/head-limits.ts'
import type { RuleSettings } from '../rules/rule-settings.ts'
import type { AccessLog } from './access-log.ts'
import type { HstsSettings } from './hsts.ts'
import type { HttpsRedirect } from './https-redirect.ts'
import { defaultInsert, type StickyEntry } from './sticky-settings.ts'

export interface Timeouts {
  /** From the first byte of a request to the end of its head; then 408. Default 10_000. */
  readonly headMs: number
  /** A client connection without a request. Default 75_000. */
  readonly idleMs: number
  /** Longest pause within a request body, see `bodyMinRate`; then 408. Default 30_000. */
  readonly bodyMs: number
  /** From the end of a request's head to the end of its body; then 408. Default 3_600_000. */
  readonly requestMs: number
  /** A client that reads none of the bytes that are sent to it. Default 300_000. */
  readonly sendMs: number
  /** Connecting to a node. Default 3_000. */
  readonly connectMs: number
  /** From the end of the request to the head of the response; then 504. A node's own Timeout takes precedence. Default 60_000. */
  readonly responseHeadMs: number
  /** Between two pieces of a response. A node's own Timeout takes precedence. Default 60_000. */
  readonly responseBodyMs: number
  /** A tunnel without any bytes. Default 3_600_000. */
  readonly tunnelMs: number
  /**
   * Longest pause of a client that still sends after the last response of its connection: so long the connection stays
   * open, so that the client can read the response. 30 s in all. Default 2_000.
   */
  readonly lingerMs: number
}

/** Connections to nodes that speak AJP13. */
export interface AjpSettings {
  /** Shared with all of these nodes; '' for none. 512 characters at most. Default ''. */
  readonly secret: string
  /** Longest packet, as configured at the nodes: 1024..65_536 bytes. Default 8_192. */
  readonly packetBytes: number
}

/** `node`: nodes get the id of a request in X-Request-Id; `client`: its client, too. */
export type RequestIdUse = 'off' | 'node' | 'client'

export interface ProxySettings {
  readonly timeouts: Timeouts
  /**
   * Least rate of a request body in bytes per second, on average and beside one pause of `timeouts.bodyMs`; then 408. 0:
   * none. Default 240.
   */
  readonly bodyMinRate: number
  /** A connection to a node without a request; less than the 75 s for which the agent keeps its server's connections. Default 60_000. */
  readonly poolIdleMs: number
  /** Idle connections kept for one node; more are closed when they were not needed for 10 s. 0: none is kept. Default 256. */
  readonly poolIdleMax: number
  /** Client connections at a time; more are refused. Default 50_000. */
  readonly connectionsMax: number
  /** Networks (CIDR) and addresses of trusted proxies: their X-Forwarded-* and Forwarded are passed on. Default none. */
  readonly trust: readonly string[]
  /** The field that counts when a trusted proxy sends both. Default `x-forwarded-for`. */
  readonly trustHeader: TrustedHeader
  /** Clients' fields whose names fold to those of the proxy's own. Default `drop`. */
  readonly underscores: Underscores
  /** Bounds of the heads of requests (431) and responses (502). Default 32 KiB a field, 64 KiB, 200 fields. */
  readonly headLimits: HeadLimits
  /** Refuses targets with characters that RFC 3986 does not allow, which browsers send. Default false. */
  readonly strictTarget: boolean
  /**
   * Clients that end their side of the connection after a request (half-closed) get their answer. Otherwise the end means
   * that the client is gone, and ends its request at the node, too. Default false.
   */
  readonly allowHalfOpen: boolean
  /** Clients may speak HTTP/2: over TLS by ALPN, in the clear by prior knowledge. Default true. */
  readonly http2: boolean
  /** Requests without TLS are redirected; an address may say otherwise. Default: they are served. */
  readonly httpsRedirect?: HttpsRedirect | undefined
  /** Strict-Transport-Security of responses over TLS. Default none. */
  readonly hsts?: HstsSettings | undefined
  /** Key authorizations by their tokens while an authority of certificates may ask for them (HTTP-01). Default none. */
  readonly challenges?: Readonly<Record<string, string>> | undefined
  /** Pseudonym in Via. A request that returns with it is a loop, so proxies in a row need different ones. Default: random. */
  readonly via: string
  /** Sends a client's certificate to the node in `Client-Cert` [RFC 9440]. Default false. */
  readonly clientCert: boolean
  /** A context is served under its own aliases only, instead of under any Host. Default false. */
  readonly useAlias: boolean
  /** Whether requests have ids, and who gets them beside the access log and error pages. Default `off`. */
  readonly requestId: RequestIdUse
  /** Status of the response when no context is registered for a path. Default 404. */
  readonly noContextStatus: number
  /** The cascade for `/`, unless `balance` has one. Default: mod_cluster's rule. */
  readonly candidacy: readonly string[]
  /** Cascades of paths. The longest path applies; nothing is inherited. Default none. */
  readonly balance: readonly CascadeEntry[]
  /** Rules by host, path and more; the first one that a request meets applies. Default none. */
  readonly routes: readonly RuleSettings[]
  /** Sticky sessions at the proxy. Default: its own cookie, where applications need it. */
  readonly sticky: readonly StickyEntry[]
  readonly health: HealthLimits
  readonly outlier: OutlierLimits
  /** Requests that may be sent a second time, as a share of all: 0..1. Default 0.2. */
  readonly retryBudget: number
  readonly ajp: AjpSettings
  /** Nodes whose connections begin with a PROXY header about the client. Default none. */
  readonly sendProxy: readonly SendProxyRule[]
}

/** Settings that differ from the defaults. A reload replaces them all. */
export interface SettingsOptions extends Partial<Omit<ProxySettings, 'timeouts'>> {
  readonly timeouts?: Partial<Timeouts>
  /** Whether a client's connection may carry more than one request. Default true. */
  readonly keepAlive?: boolean
  /** TLS to nodes of the types https and wss. Default: their certificates are verified as Node.js does. */
  readonly nodeTls?: NodeTlsOptions | undefined
  /**
   * Where nodes may be that are not `fixed`, checked at each connection to a name: see `control.nodes.allow`. An empty list
   * allows every address except those where clouds serve credentials. Default: not checked.
   */
  readonly nodesAllow?: readonly string[] | undefined
}

/** The settings, and the resources of the process. */
export interface TrafficOptions extends SettingsOptions {
  /** Shared with the control listener, which then applies changes to it. Default: a table of its own. */
  readonly live?: LiveTable
  /** Of this process, in limits that processes share; with `live`, that of the table. Default: the whole. */
  readonly share?: ProcessShare | undefined
  /**
   * Called when traffic has found that a node is down; the live numbers have its new state.
   * @param refused the connection failed at once.
   */
  readonly onNodeDown?: (id: number, reason: string, refused: boolean) => void
  /**
   * Called when a probe is due, because a response of a node has failed or a node that is down was reached; the live
   * numbers have its new state.
   */
  readonly onNodeSuspect?: (id: number) => void
  /** Called at the end of each request. Default: no access log. */
  readonly accessLog?: AccessLog | undefined
  /** Users' functions that the cascades name, as `loadPolicies` returns them. Default none. */
  readonly policies?: ReadonlyMap<string, UserCandidacy>
  /** Time between two looks at the deadlines, which expire up to that much late, ms. Default 100. */
  readonly tickMs?: number
  /** Files and sockets that this process may have open. Default: the limit of the system. */
  readonly openFiles?: number
  /** Default: nothing is logged. */
  readonly log?: Logger
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default `Math.random`. */
  readonly random?: Random
  /** Makes the id of a request: 1..128 of the characters that UUIDs have. Default: random UUIDs. */
  readonly newId?: () => string
}

export const defaultTimeouts: Timeouts = {
  headMs: 10_000,
  idleMs: 75_000,
  bodyMs: 30_000,
  requestMs: 3_600_000,
  sendMs: 300_000,
  connectMs: 3_000,
  responseHeadMs: 60_000,
  responseBodyMs: 60_000,
  tunnelMs: 3_600_000,
  lingerMs: 2_000,
}

export const defaultSettings: Omit<ProxySettings, 'via'> = {
  timeouts: defaultTimeouts,
  bodyMinRate: 240,
  poolIdleMs: 60_000,
  poolIdleMax: 256,
  connectionsMax: 50_000,
  trust: [],
  trustHeader: 'x-forwarded-for',
  underscores: 'drop',
  headLimits: defaultHeadLimits,
  strictTarget: false,
  allowHalfOpen: false,
  http2: true,
  clientCert: false,
  challenges: undefined,
  httpsRedirect: undefined,
  hsts: undefined,
  useAlias: false,
  requestId: 'off',
  noContextStatus: 404,
  candidacy: autoCascade,
  balance: [],
  routes: [],
  sticky: [{ insert: defaultInsert }],
  health: defaultHealthLimits,
  outlier: defaultOutlierLimits,
  retryBudget: 0.2,
  ajp: { secret: '', packetBytes: 8_192 },
  sendProxy: [],
}

/** A random name for `Via`. All processes that share a listening address must share it, too. */
export const newPseudonym = (): string => `topspin-${randomBytes(4).toString('hex')}`
