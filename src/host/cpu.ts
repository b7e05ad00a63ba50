// Processor time of the machine, as running totals; the busy share is the difference of two. Used by
// processor-meter.ts.

import { cpus } from 'node:os'

/** Milliseconds since a fixed moment, summed over all processors. */
export interface CpuTotals {
  readonly busyMs: number
  readonly totalMs: number
}

/** Totals of all processors of this machine. Costs about 100 microseconds, so never call it per request. */
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

/** Busy share between two readings, 0 or more; `undefined` when no time has passed. */
export function busyShare(before: CpuTotals, after: CpuTotals): number | undefined {
  const total = after.totalMs - before.totalMs
  return total > 0 ? Math.max(0, (after.busyMs - before.busyMs) / total) : undefined
}
