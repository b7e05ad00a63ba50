// A node: a server process that serves applications and has registered by CONFIG (mcmp.md 1.3),
// or was named in the configuration. Immutable; its live numbers are in `live.ts`.

type FlushPackets = 'off' | 'on' | 'auto'

/** What CONFIG says about a node. Times are milliseconds unless the name says otherwise. */
export interface NodeSettings {
  /** JVMRoute: the node's identity and the suffix of its session ids. 1..63 bytes. */
  readonly route: string
  /** The balancer's name, lower case. */
  readonly balancer: string
  /** LBGroup, the failover group; '' when none. */
  readonly domain: string
  readonly host: string
  /** 1..65535 */
  readonly port: number
  /** As sent: `http`, `https`, `ajp`, `ws`, `wss`, or an unknown word, which is shown but never routable. */
  readonly type: string
  readonly reversed: boolean
  readonly flushPackets: FlushPackets
  readonly flushWaitMs: number
  readonly pingMs: number
  /** Idle connections kept beyond the time to live; -1 is the proxy's default. */
  readonly smax: number
  readonly ttlMs: number
  /** I/O timeout towards the node; 0 is the proxy's default. */
  readonly timeoutMs: number
}

/**
 * - `none`: registered.
 * - `marked`: REMOVE-APP on `*` arrived; gone from routing, still shown under its name.
 * - `forgotten`: shown as REMOVED until the line disappears (mcmp.md 2.4).
 */
export type Removal = 'none' | 'marked' | 'forgotten'

export interface Node extends NodeSettings {
  /** Number of this registration: never used twice in one run, so it tells a node from its successor of the same route. */
  readonly id: number
  /** Row in INFO and DUMP; used again after the node is gone. */
  readonly slot: number
  readonly removal: Removal
  /** Named in the configuration: never removed by a message or by silence. */
  readonly fixed: boolean
}

const forwardable: ReadonlySet<string> = new Set(['http', 'ws', 'https', 'wss', 'ajp'])

/** The types that this build can forward to. */
export const isForwardable = (node: Node): boolean => forwardable.has(node.type)

/** Whether it is reached over TLS. */
export const isSecure = (node: Node): boolean => node.type === 'https' || node.type === 'wss'
