// Sessions alive at this node, as the application counts them (mod_cluster's ActiveSessions).

import type { CapacityOptions, LoadMetric } from '../load-metric.ts'

export interface SessionsOptions extends CapacityOptions {
  /** How many sessions there are now. */
  readonly count: () => number
}

export function sessions(options: SessionsOptions): LoadMetric {
  const { weight = 1, capacity, count } = options
  return { name: 'sessions', weight, capacity, read: count }
}
