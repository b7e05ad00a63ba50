// How many connections a process may have, so that it refuses clients before the system refuses it connections: a proxy
// that has accepted all that it may open cannot connect to a node any more. Pure; called once at the start.

import { httpLimits } from '../../base/limits.ts'

interface ConnectionRoom {
  /** Client connections at a time. */
  readonly clients: number
  /** Connections to nodes at a time, idle ones included. */
  readonly nodes: number
}

/**
 * Each client may need a connection to a node: nodes get half of the open files, but `nodeRoomMax` at most.
 * @param openFiles that the process may have; `undefined` without a limit.
 * @param connectionsMax limit for clients in the settings.
 */
export function connectionRoom(
  openFiles: number | undefined,
  connectionsMax: number,
): ConnectionRoom {
  if (openFiles === undefined) return { clients: connectionsMax, nodes: Number.POSITIVE_INFINITY }
  const free = Math.max(2, openFiles - httpLimits.openFilesReserve)
  const forNodes = Math.min(Math.floor(free / 2), httpLimits.nodeRoomMax)
  const clients = Math.min(connectionsMax, free - forNodes)
  return { clients, nodes: free - clients }
}
