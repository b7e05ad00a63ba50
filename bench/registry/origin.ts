// One HTTP server for the addresses of all nodes.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Origin {
  readonly port: number
  close(): Promise<void>
}

export async function startOrigin(): Promise<Origin> {
  const server = createServer((_, response) => response.end('ok'))
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
