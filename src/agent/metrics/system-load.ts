// The one-minute load average per processor (mod_cluster's AverageSystemLoad); nothing on Windows.

import { loadAverage } from '../../host/load-average.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export function systemLoad(options: MetricOptions = {}): LoadMetric {
  return { name: 'system-load', weight: options.weight ?? 1, read: loadAverage }
}
