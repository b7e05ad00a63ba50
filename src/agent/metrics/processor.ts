// Busy share of the processors: those of the control group where it has a limit (a container), else
// those of the machine, other programs included.

import { ProcessorMeter } from '../../host/processor-meter.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export function processor(options: MetricOptions = {}): LoadMetric {
  const meter = new ProcessorMeter()
  return {
    name: 'processor',
    weight: options.weight ?? 1,
    read: (round) => meter.read(round.nowMs),
  }
}
