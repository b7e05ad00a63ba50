// Used share of this process's JavaScript heap. Garbage counts until it is collected, so give it a
// small weight: mod_cluster's HeapMemoryUsage has the same nature.

import { heapShare } from '../../host/memory.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export function heap(options: MetricOptions = {}): LoadMetric {
  return { name: 'heap', weight: options.weight ?? 1, read: heapShare }
}
