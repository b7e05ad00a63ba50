// What the data plane can be told, with its defaults. Times are milliseconds.

import { randomBytes } from 'node:crypto'
import type { CascadeEntry } from '../../candidacy/cascades.ts'
import { defaultCascade } from '../../candidacy/index.ts'
import { defaultHealthLimits, type HealthLimits } from '../../cluster/health.ts'
import { defaultOutlierLimits, type OutlierLimits } from '../../cluster/outlier.ts'

export interface Timeouts {
  /** First byte of a request to the end of its head; beyond it 408. */
  readonly headMs: number
  /** A client connection without a request. */
  readonly idleMs: number
  /** Between two pieces of a request body; beyond it 408. */
  readonly bodyMs: number
  /** A client that takes none of what is sent to it. */
  readonly sendMs: number
  /** Making a connection to a node. */
  readonly connectMs: number
  /** End of the request to the head of the answer; beyond it 504. A node's own Timeout outranks it. */
  readonly responseHeadMs: number
  /** Between two pieces of an answer. */
  readonly responseBodyMs: number
  /** A tunnel in which nothing moves. */
  readonly tunnelMs: number
  /** What is left of a connection that the proxy ends: the client reads the last answer. */
  readonly lingerMs: number
}

/** What nodes that speak AJP13 are told. */
export interface AjpSettings {
  /** Shared with all of them; '' is none. Up to 512 characters. */
  readonly secret: string
  /** Longest packet, as the nodes have it too: 1024..65_536 bytes. Default 8192. */
  readonly packetBytes: number
}

export interface ProxySettings {
  readonly timeouts: Timeouts
  /** A connection to a node without a request; below the 75 s that the agent makes its server wait. */
  readonly poolIdleMs: number
  /** Idle connections kept for one node. */
  readonly poolIdleMax: number
  /** Client connections at a time; more are refused. */
  readonly connectionsMax: number
  /** Networks (CIDR) or addresses whose X-Forwarded-* and Forwarded are believed. Default none. */
  readonly trust: readonly string[]
  /** Pseudonym in Via. A request that comes back with it is a loop; so it must differ between proxies in a row. */
  readonly via: string
  /** Nodes are told the certificate of a client that has shown one, in `Client-Cert` [RFC 9440]. Default false. */
  readonly clientCert: boolean
  readonly useAlias: boolean
  /** Status when no context is registered for a path. Default 404. */
  readonly noContextStatus: number
  /** The cascade for `/`, unless `balance` has one. */
  readonly candidacy: readonly string[]
  /** Cascades of paths; the longest path counts, and nothing is inherited. Default none. */
  readonly balance: readonly CascadeEntry[]
  readonly health: HealthLimits
  readonly outlier: OutlierLimits
  /** Requests sent a second time, as a share of all: 0..1. Default 0.2. */
  readonly retryBudget: number
  readonly ajp: AjpSettings
}

export const defaultTimeouts: Timeouts = {
  headMs: 10_000,
  idleMs: 75_000,
  bodyMs: 30_000,
  sendMs: 300_000,
  connectMs: 3_000,
  responseHeadMs: 60_000,
  responseBodyMs: 60_000,
  tunnelMs: 3_600_000,
  lingerMs: 2_000,
}

export const defaultSettings: Omit<ProxySettings, 'via'> = {
  timeouts: defaultTimeouts,
  poolIdleMs: 60_000,
  poolIdleMax: 256,
  connectionsMax: 50_000,
  trust: [],
  clientCert: false,
  useAlias: false,
  noContextStatus: 404,
  candidacy: defaultCascade,
  balance: [],
  health: defaultHealthLimits,
  outlier: defaultOutlierLimits,
  retryBudget: 0.2,
  ajp: { secret: '', packetBytes: 8_192 },
}

/** A name for `Via` that no other proxy has: all processes that listen together share one. */
export const newPseudonym = (): string => `topspin-${randomBytes(4).toString('hex')}`
