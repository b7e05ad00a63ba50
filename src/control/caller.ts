// Who is at the other end of a connection, and by which of the listeners it came.

import type { Socket } from 'node:net'
import { isLoopback } from '../net/address.ts'

export interface Caller {
  readonly peer: string
  /** It came to a loopback address, which no other machine reaches. */
  readonly isLocal: boolean
  /** It came to the listener that takes messages, not to the one that has pages only. */
  readonly takesMessages: boolean
}

export const callerOf = (socket: Socket, takesMessages: boolean): Caller => ({
  peer: socket.remoteAddress ?? '',
  isLocal: isLoopback(socket.localAddress ?? ''),
  takesMessages,
})
