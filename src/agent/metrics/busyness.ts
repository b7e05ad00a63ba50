// Requests in flight as a share of the node's capacity (mod_cluster's BusyConnectors).

import { EventLoopMeter } from '../../host/event-loop.ts'
import type { LoadMetric, LoadRound, MetricOptions } from '../load-metric.ts'

export interface BusynessOptions extends MetricOptions {
  /** Requests in flight that mean "full". Default: estimated. */
  readonly capacity?: number | undefined
}

/** Below this use of the event loop the requests in flight do not show the capacity. */
const useMin = 0.05
/** Share of the newest estimate in the running mean. */
const newestShare = 0.2

/**
 * Requests in flight divided by the capacity. Without a declared capacity it is estimated as the number in flight at which
 * the event loop would always be busy: 20 in flight at a use of 0.4 give a capacity of 50.
 */
export function busyness(options: BusynessOptions = {}): LoadMetric {
  const { weight, capacity } = options
  if (capacity !== undefined) {
    return { name: 'busyness', weight, capacity, read: (round) => round.inFlight }
  }
  const meter = new EventLoopMeter()
  let estimated: number | undefined
  return {
    name: 'busyness',
    weight,
    read(round: LoadRound) {
      const { utilization } = meter.read()
      if (round.inFlight > 0 && utilization >= useMin) {
        const newest = Math.max(1, round.inFlight / utilization)
        estimated =
          estimated === undefined ? newest : estimated + newestShare * (newest - estimated)
      }
      return estimated === undefined ? 0 : round.inFlight / estimated
    },
  }
}
