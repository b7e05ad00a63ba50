// How many connections a process has room for, so that it turns clients away before the system turns it
// away: a proxy that has accepted all it may open can reach no node any more. Pure; called once at the start.

import { httpLimits } from '../../base/limits.ts'

export interface ConnectionRoom {
  /** Client connections at a time. */
  readonly clients: number
  /** Connections to nodes at a time, idle ones included. */
  readonly nodes: number
}

/**
 * Each client may need a node: nodes get half of what there is, but no more than `nodeRoomMax` of it.
 * @param openFiles what the process may have open; `undefined`: any number.
 * @param connectionsMax what the settings allow clients.
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
