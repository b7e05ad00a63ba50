// Counters of the whole traffic of a proxy process. Kept by forward/, summed over the workers by server/workers/, shown by
// control/.

/** Totals since the process started. */
export interface TrafficCounts {
  /** Client connections accepted. */
  readonly connections: number
  /** Client connections over the limit, which were closed at once. */
  readonly connectionsRefused: number
  readonly requests: number
  /** Client connections over HTTP/2, and their requests. */
  readonly connectionsHttp2: number
  readonly requestsHttp2: number
  /** Streams of HTTP/2 that were refused unread because their connection, or this process, had too many. */
  readonly streamsRefused: number
  /** Client connections whose TLS handshake has ended, by version. */
  readonly connectionsTls12: number
  readonly connectionsTls13: number
  /** Requests that the proxy answered itself, by status. */
  readonly refused: ReadonlyMap<number, number>
  /** The same by reason: the code in the body of the response. */
  readonly refusedFor: ReadonlyMap<string, number>
  /** Client connections that the proxy closed before a request was complete, by reason. */
  readonly closedFor: ReadonlyMap<ClosingReason, number>
  /** Further attempts of requests. */
  readonly retries: number
  /** Retries that the budget did not allow. */
  readonly retriesRefused: number
  /** Ejections of nodes whose responses were all errors. */
  readonly ejections: number
  /** Responses that were cut because the node's ended early. */
  readonly cut: number
  /** Responses that rules compressed, and those that were not because too many were being compressed. */
  readonly compressions: number
  readonly compressionsRefused: number
  /** Bytes of bodies before and after compression. */
  readonly uncompressedBytes: number
  readonly compressedBytes: number
  /** Requests refused because this process could not open more connections to nodes. */
  readonly shortages: number
  /** Connections cut because of an exception in Topspin's own code. */
  readonly faults: number
  /** Lines of the log and the access log, dropped because their reader or disk was too slow. */
  readonly logLinesDropped: number
  /** Spans of traces that their receiver has accepted, and others. */
  readonly spansSent: number
  readonly spansDropped: number
  /** Candidacy functions that threw or returned no list of candidates, by function. */
  readonly candidacyFailures: ReadonlyMap<string, number>
}

/**
 * `displaced`: no room for more connections, and this one stalled or its address had most; `idle`: the same, between two
 * requests; `handshake_...`: a TLS handshake took too long, was displaced by another one or refused while too many were
 * in progress, was invalid, or asked for a name that no certificate is for; `proxy_address`, `proxy_header`: a listener with `proxyProtocol` got a connection from
 * another address, or one without a valid PROXY header; `http2_...`: a connection of HTTP/2 made too much work for nothing, sent
 * invalid frames, or did not acknowledge our settings.
 */
type ClosingReason =
  | 'displaced'
  | 'idle'
  | 'handshake_timeout'
  | 'handshake_displaced'
  | 'handshake_refused'
  | 'handshake_invalid'
  | 'handshake_unknown_name'
  | 'proxy_address'
  | 'proxy_header'
  | 'http2_flood'
  | 'http2_invalid'
  | 'http2_timeout'

type MapName = 'refused' | 'refusedFor' | 'closedFor' | 'candidacyFailures'

/** The counts that are plain numbers. */
export type CountName = Exclude<keyof TrafficCounts, MapName>

const countNames: readonly CountName[] = [
  'connections',
  'connectionsRefused',
  'requests',
  'connectionsHttp2',
  'requestsHttp2',
  'streamsRefused',
  'connectionsTls12',
  'connectionsTls13',
  'retries',
  'retriesRefused',
  'ejections',
  'cut',
  'compressions',
  'compressionsRefused',
  'uncompressedBytes',
  'compressedBytes',
  'shortages',
  'faults',
  'logLinesDropped',
  'spansSent',
  'spansDropped',
]

/** Mutable counters. */
export type Counters = Record<CountName, number> & {
  readonly refused: Map<number, number>
  readonly refusedFor: Map<string, number>
  readonly closedFor: Map<ClosingReason, number>
  readonly candidacyFailures: Map<string, number>
}

export function newCounters(): Counters {
  return {
    connections: 0,
    connectionsRefused: 0,
    requests: 0,
    connectionsHttp2: 0,
    requestsHttp2: 0,
    streamsRefused: 0,
    connectionsTls12: 0,
    connectionsTls13: 0,
    refused: new Map(),
    refusedFor: new Map(),
    closedFor: new Map(),
    retries: 0,
    retriesRefused: 0,
    ejections: 0,
    cut: 0,
    compressions: 0,
    compressionsRefused: 0,
    uncompressedBytes: 0,
    compressedBytes: 0,
    shortages: 0,
    faults: 0,
    logLinesDropped: 0,
    spansSent: 0,
    spansDropped: 0,
    candidacyFailures: new Map(),
  }
}

/** A response of the proxy itself. */
export function countRefusal(
  { refused, refusedFor }: Counters,
  { status, code }: { readonly status: number; readonly code: string },
): void {
  count(refused, status)
  count(refusedFor, code)
}

export function countClosing({ closedFor }: Counters, reason: ClosingReason): void {
  count(closedFor, reason)
}

/** @returns the number of failures of the function so far. */
export const countCandidacyFailure = ({ candidacyFailures }: Counters, name: string): number =>
  count(candidacyFailures, name)

function count<Key>(counts: Map<Key, number>, key: Key): number {
  const times = (counts.get(key) ?? 0) + 1
  counts.set(key, times)
  return times
}

/** The sum over any number of processes. */
export function sumOf(all: Iterable<TrafficCounts>): TrafficCounts {
  const sum = newCounters()
  for (const counts of all) {
    for (const name of countNames) sum[name] += counts[name]
    addUp(sum.refused, counts.refused)
    addUp(sum.refusedFor, counts.refusedFor)
    addUp(sum.closedFor, counts.closedFor)
    addUp(sum.candidacyFailures, counts.candidacyFailures)
  }
  return sum
}

function addUp<Key>(sum: Map<Key, number>, counts: ReadonlyMap<Key, number>): void {
  for (const [key, times] of counts) sum.set(key, (sum.get(key) ?? 0) + times)
}

/** Counters for JSON: objects instead of maps. */
export type PlainCounts = Readonly<Record<CountName, number>> &
  Readonly<Record<MapName, Readonly<Record<string, number>>>>

export const plainCounts = (counts: TrafficCounts): PlainCounts => ({
  ...counts,
  refused: Object.fromEntries(counts.refused),
  refusedFor: Object.fromEntries(counts.refusedFor),
  closedFor: Object.fromEntries(counts.closedFor),
  candidacyFailures: Object.fromEntries(counts.candidacyFailures),
})

export const countsFrom = (plain: PlainCounts): TrafficCounts => ({
  ...plain,
  refused: new Map(
    Object.entries(plain.refused).map(([status, times]) => [Number(status), times] as const),
  ),
  refusedFor: new Map(Object.entries(plain.refusedFor)),
  closedFor: new Map(Object.entries(plain.closedFor) as [ClosingReason, number][]),
  candidacyFailures: new Map(Object.entries(plain.candidacyFailures)),
})
