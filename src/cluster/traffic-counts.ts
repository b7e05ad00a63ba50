// Counters of the whole traffic of a proxy process. Kept by forward/, summed over the workers by server/workers/, shown by
// control/.

/** Totals since the process started. */
export interface TrafficCounts {
  /** Client connections accepted. */
  readonly connections: number
  /** Client connections over the limit, which were closed at once. */
  readonly connectionsRefused: number
  readonly requests: number
  /** Requests that the proxy answered itself, by status. */
  readonly refused: ReadonlyMap<number, number>
  /** Further attempts of requests. */
  readonly retries: number
  /** Retries that the budget did not allow. */
  readonly retriesRefused: number
  /** Ejections of nodes whose responses were all errors. */
  readonly ejections: number
  /** Responses that were cut because the node's ended early. */
  readonly cut: number
  /** Requests refused because this process could not open more connections to nodes. */
  readonly shortages: number
  /** Connections cut because of an exception in Topspin's own code. */
  readonly faults: number
  /** Candidacy functions that threw or returned no list of candidates, by function. */
  readonly candidacyFailures: ReadonlyMap<string, number>
}

/** The counts that are plain numbers. */
export type CountName = Exclude<keyof TrafficCounts, 'refused' | 'candidacyFailures'>

const countNames: readonly CountName[] = [
  'connections',
  'connectionsRefused',
  'requests',
  'retries',
  'retriesRefused',
  'ejections',
  'cut',
  'shortages',
  'faults',
]

/** Mutable counters. */
export type Counters = Record<CountName, number> & {
  readonly refused: Map<number, number>
  readonly candidacyFailures: Map<string, number>
}

export function newCounters(): Counters {
  return {
    connections: 0,
    connectionsRefused: 0,
    requests: 0,
    refused: new Map(),
    retries: 0,
    retriesRefused: 0,
    ejections: 0,
    cut: 0,
    shortages: 0,
    faults: 0,
    candidacyFailures: new Map(),
  }
}

export function countRefusal({ refused }: Counters, status: number): void {
  refused.set(status, (refused.get(status) ?? 0) + 1)
}

/** @returns the number of failures of the function so far. */
export function countCandidacyFailure({ candidacyFailures }: Counters, name: string): number {
  const times = (candidacyFailures.get(name) ?? 0) + 1
  candidacyFailures.set(name, times)
  return times
}

/** The sum over any number of processes. */
export function sumOf(all: Iterable<TrafficCounts>): TrafficCounts {
  const sum = newCounters()
  for (const counts of all) {
    for (const name of countNames) sum[name] += counts[name]
    addUp(sum.refused, counts.refused)
    addUp(sum.candidacyFailures, counts.candidacyFailures)
  }
  return sum
}

function addUp<Key>(sum: Map<Key, number>, counts: ReadonlyMap<Key, number>): void {
  for (const [key, times] of counts) sum.set(key, (sum.get(key) ?? 0) + times)
}

/** Counters for JSON: objects instead of maps. */
export type PlainCounts = Readonly<Record<CountName, number>> & {
  readonly refused: Readonly<Record<string, number>>
  readonly candidacyFailures: Readonly<Record<string, number>>
}

export const plainCounts = (counts: TrafficCounts): PlainCounts => ({
  ...counts,
  refused: Object.fromEntries(counts.refused),
  candidacyFailures: Object.fromEntries(counts.candidacyFailures),
})

export const countsFrom = (plain: PlainCounts): TrafficCounts => ({
  ...plain,
  refused: new Map(
    Object.entries(plain.refused).map(([status, times]) => [Number(status), times] as const),
  ),
  candidacyFailures: new Map(Object.entries(plain.candidacyFailures)),
})
