// Live sessions of this node, as counted by the application (mod_cluster's ActiveSessions).

import type { CapacityOptions, LoadMetric } from '../load-metric.ts'

export interface SessionsOptions extends CapacityOptions {
  /** Returns the number of sessions now. */
  readonly count: () => number
}

export function sessions(options: SessionsOptions): LoadMetric {
  const { weight, capacity, count } = options
  return { name: 'sessions', weight, capacity, read: count }
}
