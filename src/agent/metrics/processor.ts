// Busy share of the processors: those of the control group where it has a limit (a container), else
// those of the machine, other programs included.

import { type Cgroup, findCgroup } from '../../host/cgroup.ts'
import { busyShare, type CpuTotals, machineCpu } from '../../host/cpu.ts'
import type { LoadMetric, MetricOptions } from '../load-metric.ts'

export function processor(options: MetricOptions = {}): LoadMetric {
  const meter = new ProcessorMeter()
  return {
    name: 'processor',
    weight: options.weight ?? 1,
    read: (round) => meter.read(round.nowMs),
  }
}

/** The busy share from one call of `read` to the next; nothing at first. */
export class ProcessorMeter {
  readonly #group: Cgroup | undefined
  #last: CpuTotals | undefined

  constructor(group: Cgroup | undefined = findCgroup()) {
    this.#group = group
  }

  read(nowMs: number): number | undefined {
    const last = this.#last
    this.#last = this.#totals(nowMs)
    return last === undefined ? undefined : busyShare(last, this.#last)
  }

  #totals(nowMs: number): CpuTotals {
    const cpu = this.#group?.cpu()
    if (cpu?.limit === undefined) return machineCpu()
    return { busyMs: cpu.used, totalMs: nowMs * cpu.limit }
  }
}
