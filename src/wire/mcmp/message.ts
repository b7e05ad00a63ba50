// MCMP messages of a node to a proxy as values (mcmp.md 1.3, 1.4). The control listener parses them, the agent writes them.

import type { MetricValue } from './load-metrics.ts'

/** `operator`: a person or a tool that steers nodes from outside. */
export type Sender = 'node' | 'operator'

export type AppMethod = 'ENABLE-APP' | 'DISABLE-APP' | 'STOP-APP' | 'REMOVE-APP'
export type Method = 'CONFIG' | AppMethod | 'STATUS' | 'INFO' | 'DUMP' | 'PING' | 'VERSION'

/** The start of a node's process, ms since 1970, and how often it has changed since what it wants (wire/mcmp/node-order.ts). */
export type NodeOrder = readonly [run: number, change: number]

/** CONFIG: an absent field has the proxy's default (mcmp.md 1.3). */
export interface ConfigMessage {
  readonly method: 'CONFIG'
  readonly route: string
  readonly balancer?: string
  readonly domain?: string
  readonly host?: string
  readonly port?: number
  readonly type?: string
  readonly reversed?: boolean
  readonly flushPackets?: 'off' | 'on' | 'auto'
  readonly flushWaitMs?: number
  readonly pingMs?: number
  readonly smax?: number
  readonly ttlMs?: number
  readonly timeoutMs?: number
  readonly stickySession?: boolean
  readonly stickySessionCookie?: string
  readonly stickySessionPath?: string
  readonly stickySessionRemove?: boolean
  readonly stickySessionForce?: boolean
  readonly waitWorkerMs?: number
  readonly maxAttempts?: number
  /** Every context under every alias is registered as STOPPED. Aliases and contexts: both or neither. */
  readonly aliases: readonly string[]
  readonly contexts: readonly string[]
  /** Absent for nodes that do not count. */
  readonly order?: NodeOrder
}

/** ENABLE-, DISABLE-, STOP- and REMOVE-APP, on contexts or (`wildcard`) on the whole node. */
export interface AppMessage {
  readonly method: AppMethod
  readonly wildcard: boolean
  readonly route: string
  readonly aliases: readonly string[]
  readonly contexts: readonly string[]
  /** The sender is a WildFly or Tomcat, by its User-Agent. */
  readonly fromJavaNode?: true
  /** Who sends it, as the message itself shows (sender.ts); absent: the proxy decides by the remote address. */
  readonly sender?: Sender
  /** Absent for operators, and for nodes that do not count. */
  readonly order?: NodeOrder
}

export interface StatusMessage {
  readonly method: 'STATUS'
  readonly route: string
  /** Load factor, -1..100; absent: the proxy only pings the node. */
  readonly load?: number
  /** The load factor comes from the default metrics of a Topspin agent alone. Absent: not known. */
  readonly isDefaultLoad?: true
  /** The values behind the load factor. Absent: not told. */
  readonly metrics?: readonly MetricValue[]
}

export interface PingMessage {
  readonly method: 'PING'
  /** Without route and address: is the proxy itself there? */
  readonly route?: string
  readonly address?: { readonly scheme: string; readonly host: string; readonly port: number }
}

export interface QueryMessage {
  readonly method: 'INFO' | 'DUMP' | 'VERSION'
  /** The reply is XML: `Accept` contains `text/xml`. */
  readonly xml: boolean
  /** The sender is a node: the reply has the lines of mod_cluster and nothing beside them. */
  readonly forNode?: true
}

export type Message = ConfigMessage | AppMessage | StatusMessage | PingMessage | QueryMessage
