// MCMP messages as values (mcmp.md 1.3, 1.4): what a node says to a proxy. Both ends use them: the
// control listener reads them from bytes, the agent writes them.

export type AppMethod = 'ENABLE-APP' | 'DISABLE-APP' | 'STOP-APP' | 'REMOVE-APP'
export type Method = 'CONFIG' | AppMethod | 'STATUS' | 'INFO' | 'DUMP' | 'PING' | 'VERSION'

/** CONFIG: absent fields mean the proxy's default (mcmp.md 1.3). */
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
  /** The cross product of aliases and contexts is registered as STOPPED; both or neither. */
  readonly aliases: readonly string[]
  readonly contexts: readonly string[]
}

/** ENABLE-, DISABLE-, STOP- and REMOVE-APP, on contexts or (`wildcard`) on the whole node. */
export interface AppMessage {
  readonly method: AppMethod
  readonly wildcard: boolean
  readonly route: string
  readonly aliases: readonly string[]
  readonly contexts: readonly string[]
}

export interface StatusMessage {
  readonly method: 'STATUS'
  readonly route: string
  /** -1..100; absent: ping only. */
  readonly load?: number
  /** The load factor comes from the default metrics of a Topspin agent alone. Absent: not known. */
  readonly isDefaultLoad?: true
}

export interface PingMessage {
  readonly method: 'PING'
  /** Neither route nor address: the proxy itself. */
  readonly route?: string
  readonly address?: { readonly scheme: string; readonly host: string; readonly port: number }
}

export interface QueryMessage {
  readonly method: 'INFO' | 'DUMP' | 'VERSION'
  /** `Accept` contains `text/xml`. */
  readonly xml: boolean
}

export type Message = ConfigMessage | AppMessage | StatusMessage | PingMessage | QueryMessage
