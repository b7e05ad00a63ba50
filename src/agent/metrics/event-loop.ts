// Use and delay of this process's event loop, usually the first resource that a Node.js server runs out of.

import { EventLoopDelayMeter, EventLoopMeter } from '../../host/event-loop.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export interface EventLoopDelayOptions extends MetricOptions {
  /** Mean delay that means "full", in milliseconds. Default 50. */
  readonly capacity?: number | undefined
}

/** Share of the time in which the event loop was active. */
export function eventLoopUse(options: MetricOptions = {}): LoadMetric {
  const meter = new EventLoopMeter()
  return {
    name: 'event-loop-use',
    weight: options.weight,
    read: () => meter.read().utilization,
  }
}

/** Mean delay of timers in milliseconds, which shows long blocking work. */
export function eventLoopDelay(options: EventLoopDelayOptions = {}): LoadMetric {
  const meter = new EventLoopDelayMeter()
  return {
    name: 'event-loop-delay',
    weight: options.weight,
    capacity: options.capacity ?? 50,
    read: () => meter.read(),
    close: () => meter.close(),
  }
}
