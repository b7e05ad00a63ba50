// The one-minute load average: whole, as peers announce it, and per processor, as mod_cluster's
// AverageSystemLoad metric reads it.

import { availableParallelism, loadavg, platform } from 'node:os'

/** Runnable processes over the last minute, or undefined where there is no such figure (Windows). */
export function machineLoad(): number | undefined {
  return platform() === 'win32' ? undefined : loadavg()[0]
}

/** The same per processor. */
export function loadAverage(): number | undefined {
  const load = machineLoad()
  return load === undefined ? undefined : load / availableParallelism()
}
