// The default metrics of an agent.

import type { LoadMetric } from './load-metric.ts'
import { busyness } from './metrics/busyness.ts'
import { concurrencyUse } from './metrics/concurrency.ts'
import { eventLoopUse } from './metrics/event-loop.ts'

/**
 * The share in use of the server's concurrency, and the use of the event loop; with a capacity also the requests
 * in flight as a share of it. The greatest counts. The processors are left out: the nodes of one machine share them, and
 * where they are busy all these nodes would report the same.
 */
export function defaultMetrics(capacity?: number): LoadMetric[] {
  const metrics = [concurrencyUse(), eventLoopUse()]
  if (capacity !== undefined) metrics.push(busyness({ capacity }))
  return metrics
}
