// Whether a connection was reset, where Node.js reports no error: libuv reports an end where the last bytes and a reset
// arrive together, and nothing while the socket is not read. Used by net/connection.ts and net/paused-sockets.ts.
//
// Touches `socket._handle.getpeername`, which fails after a reset. `socket.remoteAddress` keeps its first answer.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

interface Handle {
  readonly getpeername?: (address: object) => number
}

/** False for a socket whose own side has ended. */
export function wasReset(socket: Socket): boolean {
  if (socket.destroyed || socket.connecting || socket.writableEnded) return false
  const { _handle: handle } = socket as unknown as { readonly _handle: Handle | null }
  return typeof handle?.getpeername === 'function' && handle.getpeername({}) !== 0
}

/** Tries it on two connections of the loopback interface, which are not read. */
export async function probeWasReset(): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const [ended, reset] = [await pair(), await pair()]
  for (const { remote } of [ended, reset]) remote.write('last bytes')
  ended.remote.end()
  reset.remote.resetAndDestroy()
  await sleep(50)
  const can = !wasReset(ended.accepted) && wasReset(reset.accepted)
  for (const { accepted, remote } of [ended, reset]) {
    accepted.destroy()
    remote.destroy()
  }
  server.close()
  return can

  async function pair(): Promise<{ accepted: Socket; remote: Socket }> {
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
    const remote = connect(port, '127.0.0.1')
    return { accepted: (await accepted).on('error', () => {}), remote }
  }
}
