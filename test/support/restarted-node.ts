// A node that stops listening and listens again at the same port.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestContext } from 'node:test'
import { freePorts } from './free-ports.ts'

export interface RestartedNode {
  readonly port: number
  open(): Promise<void>
  close(): void
}

/** It answers every request with `done`. */
export async function startRestartedNode(t: TestContext): Promise<RestartedNode> {
  const [port = 0] = await freePorts(1)
  const server = createServer((_, response) => response.end('done'))
  const close = (): void => void server.close().closeAllConnections()
  const open = async (): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await open()
  t.after(close)
  return { port, open, close }
}
