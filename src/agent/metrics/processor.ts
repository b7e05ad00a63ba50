// Use of the processors.

import { loadAverage } from '../../host/load-average.ts'
import { ProcessorMeter } from '../../host/processor-meter.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

/**
 * Busy share of the processors: of the control group when it has a limit (a container), otherwise of the machine,
 * including other programs.
 */
export function processor(options: MetricOptions = {}): LoadMetric {
  const meter = new ProcessorMeter()
  return {
    name: 'processor',
    weight: options.weight,
    read: (round) => meter.read(round.nowMs),
  }
}

/** One-minute load average per processor (mod_cluster's AverageSystemLoad); no value on Windows. */
export function systemLoad(options: MetricOptions = {}): LoadMetric {
  return { name: 'system-load', weight: options.weight, read: loadAverage }
}
