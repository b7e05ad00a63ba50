// What an entry of `to` in the configuration sets for its node beside the settings that a node registers with. Part of
// the node, so that every process has it.

import type { HealthRule } from './health-rule.ts'

export interface OwnSettings {
  /** Where the address comes from, as `dns app.internal:8080`; '' for an address in the configuration. */
  readonly source: string
  /** Gets requests only while no other node is usable, apart from those of its own sessions. */
  readonly backup: boolean
  /** Share of the requests relative to the other fixed nodes of the balancer: above 0, at most 100. */
  readonly weight: number
  /** Until its first check or response other nodes are preferred; false where nothing checks it. */
  readonly awaitsCheck: boolean
  /** Requests at the node at a time, in all processes; 0: no limit. */
  readonly maxConnections: number
  /** Requests that wait while it has so many, and for how long, ms. */
  readonly queueMax: number
  readonly queueMs: number
  /** From the moment that it is up until it gets its full share, ms. */
  readonly slowStartMs: number
  /** Name of its entry in `NodeTlsOptions.entries`; '' for the settings of all nodes. */
  readonly tls: string
  /** Name that its certificate must have where TLS sets none; '' for its host. */
  readonly serverName: string
  /** Replaces the rules of `health`. */
  readonly health?: HealthRule
  /** Deadlines, ms; 0: those of `timeouts`. */
  readonly connectMs: number
  readonly headMs: number
  readonly bodyMs: number
}
