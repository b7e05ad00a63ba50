// What a load metric is: something with a name that tells, once in a report interval, how busy the
// node is in its own unit. The load factor makes one number of all of them (load-factor.ts).

/** What the agent saw of its server when the round of readings began. Totals run since the start. */
export interface LoadRound {
  /** Monotonic milliseconds. */
  readonly nowMs: number
  /** Requests in flight, mean since the last round. */
  readonly inFlight: number
  /** Requests answered so far. */
  readonly completed: number
  /** Bytes read from clients so far, as they came over the wire. */
  readonly bytesIn: number
  /** Bytes written to clients so far. */
  readonly bytesOut: number
}

/**
 * A metric in three lines: `{ name: 'queue', capacity: 500, read: () => queue.length }`.
 * `read` must not wait for anything. It returns the value in the metric's own unit, `undefined` when
 * it has none this time, or `'unavailable'` when the node must get no new work at all (the proxies
 * are then told -1). A metric that throws, or gives what is no number, is left out of that round.
 */
export interface LoadMetric {
  readonly name: string
  /** Part in the load factor beside the other metrics, 0 or more; 0 is skipped. Default 1. */
  readonly weight?: number
  /** The value that means "full", above 0. Default 1, for metrics that are shares already. */
  readonly capacity?: number
  read(round: LoadRound): number | 'unavailable' | undefined
  /** Called once when the agent ends. */
  close?(): void
}

/** What every ready-made metric may be given. */
export interface MetricOptions {
  /** Default 1. */
  readonly weight?: number
}

/** For metrics in units of which only the application knows how many are many. */
export interface CapacityOptions extends MetricOptions {
  /** The value that means "full". */
  readonly capacity: number
}
