// Lets a connection be reset when it is destroyed, where `socket.resetAndDestroy` does not do it: for a connection of
// which Node.js does not know yet that it is established it waits, and a TLS socket cannot reset at all. The system has
// established connections of the loopback interface long before, and an end of ours would leave a TIME_WAIT there.
// Used by net/reset-socket.ts.
//
// Touches `socket._handle`, and `tlsSocket._handle._parent`, the handle of a TLS socket that has dialled its connection
// itself, with `reset` and `close`.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

interface TcpHandle {
  reset(done: () => void): number
  close(done: () => void): void
}

interface Handles extends Partial<TcpHandle> {
  readonly _parent?: Partial<TcpHandle>
}

/** Without effect on unix sockets, and if this Node.js does not have the properties. To be called once. */
export function resetAtClose(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { readonly _handle: Handles | null | undefined }
  const tcp = socket instanceof TLSSocket ? handle?._parent : handle
  if (typeof tcp?.reset !== 'function' || typeof tcp.close !== 'function') return
  const below = tcp as TcpHandle
  const close = below.close.bind(below)
  // A handle refuses to be reset after a shutdown, and before it has a socket of the system.
  below.close = (done) => {
    if (below.reset(done) !== 0) close(done)
  }
}

/** Tries it on a connection of the loopback interface that is established, while Node.js does not know that yet. */
export async function probeResetAtClose(): Promise<boolean> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const outcome = new Promise<string>((resolve) => {
    server.once('connection', (accepted) => {
      accepted.once('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(code))
      accepted.once('end', () => resolve('end')).resume()
    })
  })
  const dialled = connect(port, '127.0.0.1')
  // Node.js asks the system for the connection in the turn before.
  process.nextTick(() => {
    resetAtClose(dialled)
    dialled.destroy()
  })
  try {
    return (await outcome) === 'ECONNRESET'
  } finally {
    server.close()
  }
}
