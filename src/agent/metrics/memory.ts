// Used share of the memory: that of the control group where it has a limit, else that of the machine.

import { findCgroup } from '../../host/cgroup.ts'
import { grantedMemory } from '../../host/memory.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export function memory(options: MetricOptions = {}): LoadMetric {
  const group = findCgroup()
  return {
    name: 'memory',
    weight: options.weight ?? 1,
    read() {
      const { total, available } = grantedMemory(group)
      return 1 - available / total
    },
  }
}
