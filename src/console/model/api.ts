// What the console reads of the JSON API. docs/json-api.md has the whole.

export type ContextStatus = 'ENABLED' | 'DISABLED' | 'STOPPED'
type OrderedStatus = Exclude<ContextStatus, 'ENABLED'>

export interface ApiContext {
  readonly path: string
  readonly alias: string
  /** The less enabled of the node's own and the one that an operator has ordered. */
  readonly status: ContextStatus
  readonly order?: OrderedStatus
  readonly own?: ContextStatus
  readonly inFlight: number
}

/** Requests of the last seconds. */
export interface ApiTrend {
  readonly perSecond: number
  /** With a status of 500 or more. */
  readonly errorsPerSecond: number
  /** `null` without requests. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export interface ApiNode extends ApiTrend {
  readonly route: string
  readonly balancer: string
  /** '' when none. */
  readonly domain: string
  readonly host: string
  readonly port: number
  readonly type: string
  readonly fixed: boolean
  readonly backup: boolean
  readonly source: string
  /** -1 broken, 0 standby, more is freer; `null` before the first report. */
  readonly loadFactor: number | null
  /** Of the last STATUS, ms since 1970; in the stream alone. */
  readonly reportedAt?: number | null
  readonly silent: boolean
  readonly unconfirmed: boolean
  readonly health: 'up' | 'unchecked' | 'suspect' | 'down'
  readonly reason: string | null
  readonly inFlight: number
  /** Open connections to it. */
  readonly connections: number
  readonly maxConnections: number | null
  readonly queued: number
  readonly room: {
    readonly inHand: number
    readonly long: number
    readonly ms: number | null
    readonly knee: number
  }
  readonly sessions: number
  readonly elected: number
  readonly failures: number
  readonly errors: number
  readonly bytesRead: number
  readonly bytesSent: number
  /** Percent of its share of the requests. */
  readonly weight: number
  /** An operator has taken it out. */
  readonly ejected: boolean
  /** What an operator has ordered for the whole node. */
  readonly order?: OrderedStatus | null
  readonly contexts: readonly ApiContext[]
}

export interface ApiTraffic extends ApiTrend {
  readonly connections: number
  readonly requests: number
  readonly retries: number
  readonly cut: number
  readonly shortages: number
  readonly faults: number
  readonly logLinesDropped: number
  /** Requests that the proxy answered itself, by status, and by reason. */
  readonly refused: Readonly<Record<string, number>>
  readonly refusedFor: Readonly<Record<string, number>>
}

/** A message of the stream: the fields that have changed. */
export interface ApiLive {
  /** ISO 8601. */
  readonly at: string
  readonly nodes: readonly (Partial<ApiNode> & Pick<ApiNode, 'route'>)[]
  readonly gone: readonly string[]
  readonly traffic: Partial<ApiTraffic>
}

export interface ApiEvent {
  readonly id: number
  readonly at: string
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly detail: Readonly<Record<string, unknown>>
}

export interface ApiBalancer {
  readonly name: string
  readonly sticky: boolean
  readonly cookie: string
  readonly pathParameter: string
  readonly stickyForce: boolean
  readonly maxAttempts: number
}

export interface ApiProxy {
  readonly caller: { readonly role: 'reader' | 'operator' }
  readonly draining: boolean
  readonly state: { readonly file: string; readonly reason: string | null } | null
}

/** One value for each time of the history. */
interface ApiColumns {
  readonly perSecond: readonly (number | null)[]
  readonly errorsPerSecond: readonly (number | null)[]
  readonly p50Ms: readonly (number | null)[]
  readonly p99Ms: readonly (number | null)[]
  readonly inFlight: readonly (number | null)[]
}

export interface ApiHistory {
  /** ISO 8601, the oldest first; each value is of the five seconds before. */
  readonly at: readonly string[]
  readonly traffic: ApiColumns
  readonly nodes: readonly (ApiColumns & { readonly route: string })[]
}

/** The requests for one context, at all nodes. */
export interface ApiApplication extends ApiTrend {
  readonly balancer: string
  readonly context: string
  readonly retriedPerSecond: number
}

/** A load metric of a node, as it entered the load factor. */
export interface ApiMetric {
  readonly name: string
  /** `null`: the metric says that the node is unavailable. */
  readonly value: number | null
  readonly capacity: number
  /** 0 is idle, 1 is full. */
  readonly load: number
  /** `null` where the greatest load counts. */
  readonly weight: number | null
}

export interface ApiNodeDetail {
  readonly loadFactor: number | null
  readonly loadMetrics: readonly ApiMetric[]
  readonly settings: Readonly<Record<string, unknown>>
  readonly from: string | null
  readonly responses: Readonly<Record<string, number>>
  readonly recentFailures: readonly {
    readonly at: string
    readonly code: string
    readonly reason: string
    readonly request: string
  }[]
}

export interface ApiPeer {
  readonly name: string
  readonly url: string
  /** Its own page was read. */
  readonly isRead: boolean
  readonly seenBy: number
  readonly knownBy: number
  readonly resources: {
    readonly cores: number
    readonly load: number
    readonly inHand: number
    readonly knee: number
    readonly serviceTimeMs: number
    readonly served: number
  }
}

export interface ApiSent {
  readonly from: string
  readonly to: string
  /** As `from` sees `to`. */
  readonly state: string
  readonly loss: number
  readonly requests: number
  readonly failures: number
  readonly inFlight: number
  /** `null` at the first reading. */
  readonly perSecond: number | null
}

export interface ApiPeers {
  readonly peers: readonly ApiPeer[]
  readonly sent: readonly ApiSent[]
  readonly problems: readonly { readonly page: string; readonly reason: string }[]
}

/** A request that has ended. */
export interface ApiRequest {
  readonly at: string
  readonly client: string
  readonly method: string
  readonly target: string
  readonly host: string
  readonly protocol: string
  /** 0: the client was gone before there was a response. */
  readonly status: number
  /** Why the proxy answered itself or cut the response; '' when a node answered. */
  readonly code: string
  readonly route: string
  /** Of `routes`; '' for none. */
  readonly rule: string
  readonly attempts: number
  readonly durationMs: number
  readonly bytes: number
}

export interface ApiListener {
  readonly use: string
  readonly address: string
  readonly tls: boolean
  readonly http2: boolean
}

export interface ApiCertificate {
  readonly names: readonly string[]
  readonly source: string
  readonly issuer: string | null
  readonly notBefore: string | null
  readonly notAfter: string | null
  readonly renewal: {
    readonly at: string
    readonly failures: number
    readonly error: string | null
  } | null
}

export interface ApiWorker {
  readonly pid: number | null
  readonly connections: number
  readonly requests: number
  readonly restarts: number
}

export interface ApiConfigurationValue {
  readonly key: string
  readonly value: unknown
  readonly source: 'default' | 'file' | 'environment' | 'flag'
  readonly place: string | null
  readonly restart: boolean
}

interface ApiDrain {
  readonly state: 'sessions' | 'requests' | 'done' | 'late' | 'overtaken' | 'cancelled'
  /** ISO 8601. */
  readonly until: string
  readonly ended: string | null
}

interface ApiOrders {
  readonly route: string
  readonly node?: OrderedStatus | undefined
  readonly contexts: readonly {
    readonly alias: string
    readonly path: string
    readonly status: ContextStatus
  }[]
}

export interface ApiAction {
  readonly id: number
  readonly at: string
  readonly action: string
  readonly node?: string | undefined
  readonly domain?: string | undefined
  readonly context?: string | undefined
  readonly alias?: string | undefined
  readonly reason?: string | undefined
  readonly undoes?: number
  readonly by: { readonly role: string; readonly from: string; readonly name?: string }
  readonly nodes: readonly {
    readonly route: string
    readonly before: ApiOrders
    readonly after: ApiOrders
    readonly problem: string | null
  }[]
  readonly undo: string | null
  readonly drain?: ApiDrain
  readonly weight?: number | undefined
}

export interface ApiExplanation {
  readonly method: string
  readonly isIdempotent: boolean
  readonly protocols: { readonly clients: readonly string[]; readonly node: string | null }
  /** Whether the traffic processes agree, in words; '' where there is one. */
  readonly agreement: string
  readonly refusal: string | null
  /** The rule of `routes` that applies, and what it does, one sentence each. */
  readonly rule: {
    readonly number: number
    readonly name: string
    readonly did: readonly string[]
  } | null
  readonly context: { readonly path: string; readonly balancer: string } | null
  readonly session: {
    readonly present: boolean
    readonly by: 'id' | 'cookie' | 'header' | 'query' | null
    readonly route: string | null
    readonly domain: string
    readonly cookie: { readonly name: string; readonly isValid: boolean } | null
  }
  readonly insert: { readonly when: string; readonly name: string } | null
  readonly candidates: readonly ApiCandidate[]
  readonly steps: readonly ApiStep[]
  readonly node: string | null
  readonly why: string
}

export interface ApiCandidate {
  readonly node: string
  readonly status: ContextStatus
  readonly order?: OrderedStatus
  readonly own?: ContextStatus
  readonly health: string
  readonly loadFactor: number | null
  readonly inFlight: number
}

export interface ApiStep {
  readonly name: string
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly figures: readonly (readonly [node: string, figure: number])[]
  readonly failure: string | null
  readonly reasons: readonly {
    readonly node: string
    readonly figures: Readonly<Record<string, number>>
    readonly why: string
  }[]
}
