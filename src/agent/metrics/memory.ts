// Used share of the memory, and of this process's JavaScript heap.

import { findCgroup } from '../../host/cgroup.ts'
import { grantedMemory, heapShare } from '../../host/memory.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

/** Used share of the memory of the control group when it has a limit (a container), otherwise of the machine. */
export function memory(options: MetricOptions = {}): LoadMetric {
  const group = findCgroup()
  return {
    name: 'memory',
    weight: options.weight,
    read() {
      const { total, available } = grantedMemory(group)
      return 1 - available / total
    },
  }
}

/**
 * Used share of this process's JavaScript heap (mod_cluster's HeapMemoryUsage). Garbage counts until it is collected, so
 * use a small weight.
 */
export function heap(options: MetricOptions = {}): LoadMetric {
  return { name: 'heap', weight: options.weight, read: heapShare }
}
