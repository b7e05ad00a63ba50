// A node: a server process that serves applications and is registered by CONFIG (mcmp.md 1.3) or by the configuration.
// Immutable; its live numbers are in live.ts.

import type { OwnSettings } from './own-settings.ts'

type FlushPackets = 'off' | 'on' | 'auto'

/** Settings of a node as sent by CONFIG, with defaults applied. Times are milliseconds. */
export interface NodeSettings {
  /** JVMRoute: the node's identity and the suffix of its session ids. 1..63 bytes. */
  readonly route: string
  /** Name of its balancer, in lower case. */
  readonly balancer: string
  /** LBGroup, the failover domain; '' when there is none. */
  readonly domain: string
  readonly host: string
  /** 1..65535 */
  readonly port: number
  /**
   * `http`, `https`, `ajp`, `ws`, `wss`, `h2c` and `h2` (HTTP/2 in the clear and over TLS), or another word: such a node is
   * shown but gets no requests.
   */
  readonly type: string
  readonly reversed: boolean
  readonly flushPackets: FlushPackets
  readonly flushWaitMs: number
  readonly pingMs: number
  /** Idle connections that are kept beyond `ttlMs`; -1: the proxy's default. */
  readonly smax: number
  readonly ttlMs: number
  /** Timeout of reads and writes; 0: the proxy's default. */
  readonly timeoutMs: number
}

/** For readers of settings that another process has written: the state file, and records that proxies share. */
export const nodeSettingTypes: {
  readonly [Name in keyof NodeSettings]: 'string' | 'number' | 'boolean'
} = {
  route: 'string',
  balancer: 'string',
  domain: 'string',
  host: 'string',
  port: 'number',
  type: 'string',
  reversed: 'boolean',
  flushPackets: 'string',
  flushWaitMs: 'number',
  pingMs: 'number',
  smax: 'number',
  ttlMs: 'number',
  timeoutMs: 'number',
}

/**
 * Phase of removal (mcmp.md 2.4):
 * - `none`: registered.
 * - `marked`: removed by REMOVE-APP on `*`; gets no requests, is shown under its name.
 * - `forgotten`: shown as REMOVED until its line disappears.
 */
export type Removal = 'none' | 'marked' | 'forgotten'

export interface Node extends NodeSettings {
  /** Number of this registration, unique in one run: a node that registers its route again has another one. */
  readonly id: number
  /** Row in INFO and DUMP; reused after the node is gone. */
  readonly slot: number
  readonly removal: Removal
  /** Named in the configuration: neither messages nor missing STATUS remove it. */
  readonly fixed: boolean
  /** Remote address of its last CONFIG; absent for nodes of the configuration. */
  readonly from?: string
  /** Of a fixed node of `topspin serve`. */
  readonly own?: OwnSettings
}

const forwardable: ReadonlySet<string> = new Set(['http', 'ws', 'https', 'wss', 'ajp', 'h2c', 'h2'])

/** Whether the proxy can forward to nodes of this type. */
export const isForwardable = (node: Pick<Node, 'type'>): boolean => forwardable.has(node.type)

/** Whether connections to the node use TLS. */
export const isSecure = (node: Pick<Node, 'type'>): boolean =>
  node.type === 'https' || node.type === 'wss' || node.type === 'h2'

/** Whether the node speaks HTTP/2 and nothing else. */
export const isHttp2 = (node: Pick<Node, 'type'>): boolean =>
  node.type === 'h2c' || node.type === 'h2'
