// The one-minute load average per processor: what mod_cluster's AverageSystemLoad metric reads.

import { availableParallelism, loadavg, platform } from 'node:os'

/** Runnable processes per processor over the last minute, or undefined where there is none (Windows). */
export function loadAverage(): number | undefined {
  if (platform() === 'win32') return undefined
  const [minute] = loadavg()
  return minute === undefined ? undefined : minute / availableParallelism()
}
