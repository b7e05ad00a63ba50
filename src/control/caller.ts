// The remote end of a connection to the control service, and the listener that accepted it.

import type { Socket } from 'node:net'
import { isLoopback } from '../net/address.ts'

export interface Caller {
  /** Remote address; '' when the connection is gone. */
  readonly remote: string
  /** Whether it came to a loopback address, which no other machine reaches. */
  readonly isLocal: boolean
  /** Whether its listener accepts messages, or serves pages alone. */
  readonly acceptsMessages: boolean
}

export const callerOf = (socket: Socket, acceptsMessages: boolean): Caller => ({
  remote: socket.remoteAddress ?? '',
  isLocal: isLoopback(socket.localAddress ?? ''),
  acceptsMessages,
})
