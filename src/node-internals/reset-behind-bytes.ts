// Tells a connection that was reset from one that the remote side has ended. libuv reports an end, not an error,
// where the last bytes and a reset arrive together. Used by net/connection.ts.
//
// Relies on `socket.remoteAddress` being looked up in the system at the first use, which fails after a reset. It
// must not have been read before, since Node.js keeps the answer.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** To be asked when the remote side has ended. */
export const wasReset = (socket: Socket): boolean =>
  !socket.destroyed && !socket.writableEnded && socket.remoteAddress === undefined

/** Tries it on two connections of the loopback interface. */
export async function probeWasReset(): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const [ended, reset] = [await pair(), await pair()]
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
