// One entry of `to` in the configuration: where its fixed nodes are, and their settings. Times are milliseconds.

import type { NodeAddress } from '../base/host-port.ts'
import type { HealthRule } from '../cluster/health-rule.ts'
import type { SourceSettings } from './source-settings.ts'

/** Exactly one of `address` and `source` is present. */
export interface NodeEntry extends NodeEntrySettings {
  readonly address?: NodeAddress | undefined
  readonly source?: SourceSettings | undefined
}

/** The settings of an entry, apart from where its nodes are. */
export interface NodeEntrySettings {
  /** Of the node; for a source, the beginning of the routes of its nodes. */
  readonly route?: string | undefined
  readonly balancer?: string | undefined
  readonly domain?: string | undefined
  readonly aliases?: readonly string[] | undefined
  readonly contexts: readonly string[]
  readonly weight: number
  readonly backup: boolean
  /** Requests at the node at a time, in all processes. Absent: no limit. */
  readonly maxConnections?: number | undefined
  /** Requests that wait for a place there, and for how long; only with `maxConnections`. */
  readonly queue?: { readonly max: number; readonly timeout: number } | undefined
  /** From the moment that the node is up until it gets its full share. */
  readonly slowStart: number
  /** In place of `nodeTls`. */
  readonly tls?: NodeTlsFiles | undefined
  /** Absent: by the rules of `health`. */
  readonly health?: HealthRule | undefined
  /** Absent values are those of `timeouts`. */
  readonly timeouts: {
    readonly connect?: number | undefined
    readonly responseHead?: number | undefined
    readonly responseBody?: number | undefined
  }
}

/** TLS to nodes: names of PEM files, and what the certificate of a node must be. */
export interface NodeTlsFiles {
  readonly ca?: string | undefined
  readonly pin: readonly string[]
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly servername?: string | undefined
  readonly verify: boolean
  readonly http2?: boolean | undefined
}

/** One fixed node: an address with its settings. */
export interface PlacedNode extends NodeEntrySettings {
  readonly address: NodeAddress
  /** The route of a node that sets none begins with it. */
  readonly routePrefix?: string | undefined
  /** Name of the source; '' for an address in the configuration. */
  readonly source: string
  /** Name that its certificate must have; '' for its host. */
  readonly serverName: string
  /** Whether it gets requests of its own sessions alone, as its source says; absent: the source says nothing about that. */
  readonly draining?: boolean | undefined
}
