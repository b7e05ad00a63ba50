// Whether something has arrived on a socket that its reader has not been called for yet: bytes, or the end. Node.js reports
// it in its next turn of polling, which may be after the socket has been used again. Used by forward/node/pools.ts.
//
// Touches `socket._handle.fd`, and reads from it: the socket must not be used after `bytes` or `end`.

import { readSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const one = Buffer.alloc(1)

export type UnreadInput = 'none' | 'bytes' | 'end'

/** `none` where the descriptor is not known, as on Windows. An error of the connection counts as its end. */
export function unreadInput(socket: Socket): UnreadInput {
  const { _handle: handle } = socket as unknown as { readonly _handle: { fd?: number } | null }
  const fd = handle?.fd ?? -1
  if (fd < 0) return 'none'
  try {
    return readSync(fd, one, 0, 1, null) > 0 ? 'bytes' : 'end'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'none' : 'end'
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
  const before = unreadInput(socket)
  remote.write('x')
  // Without a turn of polling between.
  const end = performance.now() + 20
  while (performance.now() < end);
  const after = unreadInput(socket)
  socket.destroy()
  remote.destroy()
  server.close()
  return before === 'none' && after === 'bytes'
}
