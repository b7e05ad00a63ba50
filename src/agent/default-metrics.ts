// The default metrics of an agent.

import type { LoadMetric } from './load-metric.ts'
import { busyness } from './metrics/busyness.ts'
import { eventLoopUse } from './metrics/event-loop.ts'
import { processor } from './metrics/processor.ts'

/**
 * The use of the event loop (weight 2), and of the processors, which other processes use, too (weight 1). With a capacity
 * also the requests in flight as a share of it (weight 2).
 */
export function defaultMetrics(capacity?: number): LoadMetric[] {
  const metrics = [eventLoopUse({ weight: 2 }), processor({ weight: 1 })]
  if (capacity !== undefined) metrics.push(busyness({ weight: 2, capacity }))
  return metrics
}
