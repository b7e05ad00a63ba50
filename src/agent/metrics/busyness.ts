// Requests in flight against what the node can carry: the counterpart of mod_cluster's BusyConnectors.

import { EventLoopMeter } from '../../host/event-loop.ts'
import type { LoadMetric, LoadRound, MetricOptions } from '../load-metric.ts'

export interface BusynessOptions extends MetricOptions {
  /** Requests in flight that mean "full". Default: learnt. */
  readonly capacity?: number
}

/** Below this use of the event loop the number in flight says nothing about capacity. */
const tellingUse = 0.05
/** Part of the newest estimate in the learnt capacity. */
const learning = 0.2

/**
 * Requests in flight / capacity. A capacity that is not declared is learnt as the number in flight at
 * which the event loop would always be busy: 20 in flight at a use of 0.4 make a capacity of 50.
 */
export function busyness(options: BusynessOptions = {}): LoadMetric {
  const { weight = 1, capacity } = options
  if (capacity !== undefined) {
    return { name: 'busyness', weight, capacity, read: (round) => round.inFlight }
  }
  const meter = new EventLoopMeter()
  let learnt: number | undefined
  return {
    name: 'busyness',
    weight,
    read(round: LoadRound) {
      const { utilization } = meter.read()
      if (round.inFlight > 0 && utilization >= tellingUse) {
        const estimate = Math.max(1, round.inFlight / utilization)
        learnt = learnt === undefined ? estimate : learnt + learning * (estimate - learnt)
      }
      return learnt === undefined ? 0 : round.inFlight / learnt
    },
  }
}
