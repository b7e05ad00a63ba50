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
  /** Candidacy functions that threw. */
  readonly candidacyFailures: number
}

/** The counts that are plain numbers. */
export type CountName = Exclude<keyof TrafficCounts, 'refused'>

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
  'candidacyFailures',
]

/** The same while it is being counted. */
export type Counters = Record<CountName, number> & { readonly refused: Map<number, number> }

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
    candidacyFailures: 0,
  }
}

export function countRefusal({ refused }: Counters, status: number): void {
  refused.set(status, (refused.get(status) ?? 0) + 1)
}

/** The sums of any number of processes. */
export function sumOf(all: Iterable<TrafficCounts>): TrafficCounts {
  const sum = newCounters()
  for (const counts of all) {
    for (const name of countNames) sum[name] += counts[name]
    for (const [status, times] of counts.refused) {
      sum.refused.set(status, (sum.refused.get(status) ?? 0) + times)
    }
  }
  return sum
}

/** Counts in a form that JSON can carry: the statuses as keys. */
export type PlainCounts = Readonly<Record<CountName, number>> & {
  readonly refused: Readonly<Record<string, number>>
}

export const plainCounts = (counts: TrafficCounts): PlainCounts => ({
  ...counts,
  refused: Object.fromEntries(counts.refused),
})

export const countsFrom = (plain: PlainCounts): TrafficCounts => ({
  ...plain,
  refused: new Map(
    Object.entries(plain.refused).map(([status, times]) => [Number(status), times] as const),
  ),
})
