// How busy the processors are: those of the machine, and this process's use of them. Readings are
// running totals; a share is the difference of two. Called by the agent's metrics.

import { cpus } from 'node:os'

/** Milliseconds since some start, summed over all processors. */
export interface CpuTotals {
  readonly busyMs: number
  readonly totalMs: number
}

/** Everything this machine's processors did so far. Costs some 100 microseconds: not per request. */
export function machineCpu(): CpuTotals {
  let busyMs = 0
  let totalMs = 0
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq
    busyMs += busy
    totalMs += busy + times.idle
  }
  return { busyMs, totalMs }
}

/** User and system time of this process, against the time that one processor had. */
export function processCpu(nowMs: number): CpuTotals {
  const { user, system } = process.cpuUsage()
  return { busyMs: (user + system) / 1000, totalMs: nowMs }
}

/** Busy share between two readings: 0..1 for a machine, above 1 for a process on several processors. */
export function busyShare(before: CpuTotals, after: CpuTotals): number | undefined {
  const total = after.totalMs - before.totalMs
  return total > 0 ? Math.max(0, (after.busyMs - before.busyMs) / total) : undefined
}
