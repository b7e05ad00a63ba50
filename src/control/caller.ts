// The remote end of a connection to the control service, and the listener that accepted it.

import type { Socket } from 'node:net'
import { unixClient } from '../net/address.ts'

export interface Caller {
  /** Remote address; `unix` on a unix socket, '' when the connection is gone. */
  readonly remote: string
  /** Whether its listener accepts messages, or serves pages alone. */
  readonly acceptsMessages: boolean
}

export const callerOf = (socket: Socket, isUnix: boolean, acceptsMessages: boolean): Caller => ({
  remote: isUnix ? unixClient : (socket.remoteAddress ?? ''),
  acceptsMessages,
})
