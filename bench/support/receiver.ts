// Receives traces as a collector does, in this process, so that it does not count as the proxy's work; counts their messages.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Receiver {
  readonly endpoint: string
  /** Bodies that have arrived. */
  readonly bodies: () => number
  readonly close: () => void
}

export async function startReceiver(): Promise<Receiver> {
  let bodies = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      bodies++
      response.setHeader('Content-Type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bodies: () => bodies,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
