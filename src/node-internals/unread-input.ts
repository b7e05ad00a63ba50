// Whether something has arrived on a socket that its reader has not been called for yet: bytes, or the end. Node.js reports
// it in its next turn of polling, which may be after the socket has been used again. Used by forward/node/pools.ts.
//
// Touches `socket._handle.fd`, and reads from it: the socket must not be used after a true answer.

import { readSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const one = Buffer.alloc(1)

/** False where the descriptor is not known, as on Windows. */
export function hasUnreadInput(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { readonly _handle: { fd?: number } | null }
  const fd = handle?.fd ?? -1
  if (fd < 0) return false
  try {
    readSync(fd, one, 0, 1, null)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN'
  }
}

/** Tries it on a connection of the loopback interface. */
export async function probeUnreadInput(): Promise<boolean> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  const remote = (await accepted).on('error', () => {})
  await sleep(20)
  const before = hasUnreadInput(socket)
  remote.write('x')
  // Without a turn of polling between.
  const end = performance.now() + 20
  while (performance.now() < end);
  const after = hasUnreadInput(socket)
  socket.destroy()
  remote.destroy()
  server.close()
  return !before && after
}
