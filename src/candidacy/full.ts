// Nodes that have as many requests as they may have (`maxConnections`). Used by `usable`.

import type { NodeLive } from '../cluster/live.ts'

/** A free place belongs to the requests that wait for one. @param isQueued the request is one of these. */
export const isFull = (live: NodeLive, isQueued: boolean): boolean =>
  live.inFlight >= live.inFlightMax || (live.awaited > 0 && !isQueued)

/** Whether one more request can wait for the node. */
export const hasQueueRoom = ({ waiting, queueMax }: NodeLive): boolean => waiting < queueMax
