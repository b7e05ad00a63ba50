// A load metric: a named value that shows, once in a report interval, how busy the node is, in a unit of its own.
// load-factor.ts combines all metrics into one number.

/** The agent's own figures of its server, for one reading of all metrics. Totals count since the start. */
export interface LoadRound {
  /** Monotonic milliseconds. */
  readonly nowMs: number
  /** Mean number of requests in flight since the last reading. */
  readonly inFlight: number
  /**
   * Milliseconds in total in which the server processed requests; those with n in hand count min(n, c) / c, where c is how
   * many it can process at once, as estimated from its requests. Long ones, such as long polls, do not count.
   */
  readonly busyMs: number
  /** Responses in total. */
  readonly completed: number
  /** Bytes received from clients in total, as on the wire. */
  readonly bytesIn: number
  /** Bytes sent to clients in total. */
  readonly bytesOut: number
}

/**
 * For example `{ name: 'queue', capacity: 500, read: () => queue.length }`. `read` is synchronous. It returns the value in
 * the metric's own unit, `undefined` without a value, or `'unavailable'` when the node must not get new work (the agent
 * then reports -1). A metric that throws or returns anything else is left out of that report.
 */
export interface LoadMetric {
  readonly name: string
  /**
   * Weight in the load factor, relative to the other metrics, 0 or more; 0 leaves it out. If no metric has a weight, the
   * greatest load counts; otherwise their weighted mean, in which the default is 1.
   */
  readonly weight?: number | undefined
  /** The value that means "full", above 0. Default 1, for metrics that are shares. */
  readonly capacity?: number | undefined
  read(round: LoadRound): number | 'unavailable' | undefined
  /** Called once when the agent ends. */
  close?(): void
}

/** Options of every built-in metric. */
export interface MetricOptions {
  /** As in `LoadMetric`. */
  readonly weight?: number | undefined
}

/** For metrics in units whose capacity depends on the application. */
export interface CapacityOptions extends MetricOptions {
  /** The value that means "full". */
  readonly capacity: number
}
