// Cuts a connection so that the remote side sees an error, not an end.

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { resetAtClose } from '../node-internals/reset-at-close.ts'

/** Unix sockets cannot be reset (Node.js throws); neither can a connection that the remote side has reset already. */
export function resetSocket(socket: Socket): void {
  const isSecure = socket instanceof TLSSocket
  if (socket.destroyed) return
  // Node.js waits for a connection that it takes for incomplete, and cannot reset one with TLS.
  if (socket.connecting || isSecure) resetAtClose(socket)
  else if (socket.remotePort !== undefined) return void socket.resetAndDestroy()
  socket.destroy()
}
