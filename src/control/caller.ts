// The remote end of a connection to the control service, and the listener that accepted it.

import type { Socket } from 'node:net'

export interface Caller {
  /** Remote address; '' when the connection is gone. */
  readonly remote: string
  /** Whether its listener accepts messages, or serves pages alone. */
  readonly acceptsMessages: boolean
}

export const callerOf = (socket: Socket, acceptsMessages: boolean): Caller => ({
  remote: socket.remoteAddress ?? '',
  acceptsMessages,
})
