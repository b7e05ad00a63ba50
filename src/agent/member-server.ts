// The server behind a membership, as an interface. Implemented for a server of this process by local-server.ts, and for
// one in another process by sidecar.ts.

import type { MetricValue } from '../wire/mcmp/load-metrics.ts'

/** Which requests to count, by their targets as received. */
export type TargetFilter = (target: string) => boolean

export interface MemberServer {
  /** The address that it listens on; `undefined` for a wildcard. */
  readonly host: string | undefined
  /** Whether this process counts the requests; otherwise only the proxies do. */
  readonly countsRequests: boolean
  /** Requests in flight, all of them or those of a filter. 0 where this process does not count them. */
  inFlight(filter?: TargetFilter): number
  /** Open upgraded connections, by the requests that opened them. */
  upgraded(filter?: TargetFilter): number
  /** Whether the load factor comes from default metrics alone. */
  readonly isDefaultLoad: boolean
  /** Reads the metrics; the next load factor, -1..100. */
  nextLoad(): number
  /** The values behind the last load factor. */
  readonly metrics: readonly MetricValue[]
  /** Called when every proxy was asked to send nothing more. */
  stopped(): void
}
