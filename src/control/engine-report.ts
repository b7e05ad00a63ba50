// A proxy of another make that serves the cluster, for /api/status, the commands and the metrics.

export interface EngineReport {
  readonly engine: 'envoy' | 'haproxy'
  /** Its own name (Envoy: node id); '' when it has none. */
  readonly name: string
  /** Where it is connected. */
  readonly address: string
  /** Whether it is reached. */
  readonly isConnected: boolean
  /** Whether it has the present cluster in force. */
  readonly isCurrent: boolean
  /** Since when it is connected, or not, ms. */
  readonly stateMs: number
  /** What it has refused or cannot serve, in words. */
  readonly problems: readonly string[]
}
