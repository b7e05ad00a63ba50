// The one-minute load average: of the machine, as peers announce it, and per processor, as in mod_cluster's
// AverageSystemLoad metric.

import { availableParallelism, loadavg, platform } from 'node:os'

/** Mean number of runnable processes in the last minute; `undefined` on Windows, which has no such figure. */
export function machineLoad(): number | undefined {
  return platform() === 'win32' ? undefined : loadavg()[0]
}

/** The same per processor. */
export function loadAverage(): number | undefined {
  const load = machineLoad()
  return load === undefined ? undefined : load / availableParallelism()
}
