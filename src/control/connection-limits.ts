// How many connections the control listener may have. Pure; called once at the start.

import { mcmpLimits } from '../base/limits.ts'

interface ConnectionRoom {
  readonly connectionsMax: number
  readonly sourceConnectionsMax: number
}

/**
 * A node keeps its connection, so there is room for as many as nodes, but for a quarter of the open files at most: the
 * traffic of the same process needs the others.
 * @param openFiles that the process may have; `undefined` without a limit.
 */
export function controlRoom(openFiles: number | undefined): ConnectionRoom {
  const { connectionsMax: most, connectionsMaxLeast: least, sourceShare } = mcmpLimits
  const quarter = Math.floor((openFiles ?? Number.POSITIVE_INFINITY) / 4)
  const connectionsMax = Math.max(least, Math.min(most, quarter))
  return { connectionsMax, sourceConnectionsMax: Math.floor(connectionsMax * sourceShare) }
}
