// What a proxy counts of its traffic as a whole, as values that several processes add up. Kept by proxy/,
// summed by cli/workers/, shown by control/.

/** Totals since the process started. */
export interface TrafficCounts {
  /** Client connections accepted. */
  readonly connections: number
  /** Client connections over the limit, closed at once. */
  readonly connectionsRefused: number
  readonly requests: number
  /** Requests that the proxy answered itself, by status. */
  readonly refused: ReadonlyMap<number, number>
  /** Requests sent to a node once more. */
  readonly retries: number
  /** Retries that the budget did not allow. */
  readonly retriesRefused: number
  /** Nodes taken out because they answered nothing but errors. */
  readonly ejections: number
  /** Answers that were cut because the node's ended too early. */
  readonly cut: number
  /** Requests refused because this process could open no more connections to nodes. */
  readonly shortages: number
  /** Connections cut because our own code threw. */
  readonly faults: number
  /** Failures of candidacy functions, by function: it threw, or gave back what is no list of candidates. */
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

/** The same while it is being counted. */
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

/** @returns how often the function has failed by now. */
export function countCandidacyFailure({ candidacyFailures }: Counters, name: string): number {
  const times = (candidacyFailures.get(name) ?? 0) + 1
  candidacyFailures.set(name, times)
  return times
}

/** The sums of any number of processes. */
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

/** Counts in a form that JSON can carry: the statuses and names as keys. */
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
