// The default metrics of an agent.

import type { LoadMetric } from './load-metric.ts'
import { busyness } from './metrics/busyness.ts'
import { concurrencyUse } from './metrics/concurrency.ts'
import { eventLoopUse } from './metrics/event-loop.ts'
import { processor } from './metrics/processor.ts'

/**
 * The share in use of what the server can work on at once, the use of the event loop, and that of the processors, which
 * other processes use, too. With a capacity also the requests in flight as a share of it. The greatest counts.
 */
export function defaultMetrics(capacity?: number): LoadMetric[] {
  const metrics = [concurrencyUse(), eventLoopUse(), processor()]
  if (capacity !== undefined) metrics.push(busyness({ capacity }))
  return metrics
}
