// How late this process's timers run, in milliseconds: shows long blocking pieces of work.

import { EventLoopDelayMeter } from '../../host/event-loop.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export interface EventLoopDelayOptions extends MetricOptions {
  /** Mean delay that means "full", in milliseconds. Default 50. */
  readonly capacity?: number
}

export function eventLoopDelay(options: EventLoopDelayOptions = {}): LoadMetric {
  const meter = new EventLoopDelayMeter()
  return {
    name: 'event-loop-delay',
    weight: options.weight ?? 1,
    capacity: options.capacity ?? 50,
    read: () => meter.read(),
    close: () => meter.close(),
  }
}
