// A source of fixed nodes, for /api/status, the commands and the metrics.

export interface SourceReport {
  /** As `dns app.internal:8080`. */
  readonly name: string
  /** Nodes of its last list; `null` before the first. */
  readonly nodes: number | null
  /** Why it cannot be used now; `null` when it can. Its last list stays in force. */
  readonly reason: string | null
  /** For how long it cannot be used, ms; `null` when it can. */
  readonly failingMs: number | null
  /** Since it is followed. */
  readonly failures: number
  /** Entries of its list that are left out, in words. */
  readonly problems: readonly string[]
}
