// Share of the time in which this process's event loop was busy: what a Node.js server runs out of.

import { EventLoopMeter } from '../../host/event-loop.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export function eventLoopUse(options: MetricOptions = {}): LoadMetric {
  const meter = new EventLoopMeter()
  return {
    name: 'event-loop-use',
    weight: options.weight ?? 1,
    read: () => meter.read().utilization,
  }
}
