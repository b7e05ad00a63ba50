// The metrics of a node that names none.

import type { LoadMetric } from './load-metric.ts'
import { busyness } from './metrics/busyness.ts'
import { eventLoopUse } from './metrics/event-loop-use.ts'
import { processor } from './metrics/processor.ts'

/**
 * The event loop, which is what one Node.js process runs out of (weight 2), and the processors, which
 * it shares with others (weight 1). A declared capacity adds the requests in flight against it (weight 2).
 */
export function defaultMetrics(capacity?: number): LoadMetric[] {
  const metrics = [eventLoopUse({ weight: 2 }), processor({ weight: 1 })]
  if (capacity !== undefined) metrics.push(busyness({ weight: 2, capacity }))
  return metrics
}
