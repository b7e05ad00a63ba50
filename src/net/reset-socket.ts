// Cuts a connection so that the remote side sees an error, not an end.

import type { Socket } from 'node:net'

/** Unix sockets cannot be reset (Node.js throws); neither can a connection that the remote side has reset already. */
export function resetSocket(socket: Socket): void {
  if (socket.remotePort === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
