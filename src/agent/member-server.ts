// What a membership needs from the server behind it. Implemented for a server of this process by local-server.ts, and for
// one in another process by sidecar.ts.

export interface MemberServer {
  /** The address that it listens on; `undefined` for a wildcard. */
  readonly host: string | undefined
  /** Requests in flight, as far as this process can count them. */
  inFlight(): number
  /** Open upgraded connections. */
  upgraded(): number
  /** Whether the load factor comes from default metrics alone. */
  readonly isDefaultLoad: boolean
  /** Reads the metrics; the next load factor, -1..100. */
  nextLoad(): number
  /** Called when every proxy was asked to send nothing more. */
  stopped(): void
}
