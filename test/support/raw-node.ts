// A node that answers each request head with an empty response, or nothing at all, and keeps what each of its connections
// has received. For scenes about the connections to nodes.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestContext } from 'node:test'

export interface RawNode {
  readonly port: number
  /** By connection, the oldest first. */
  readonly received: readonly string[]
  /** Whether the connection with this index is closed. */
  isClosed(index: number): boolean
}

export async function startRawNode(t: TestContext, isSilent: boolean = false): Promise<RawNode> {
  const received: string[] = []
  const closed = new Set<number>()
  const server = createServer((socket) => {
    const at = received.push('') - 1
    socket.setEncoding('latin1').on('data', (text: string) => {
      received[at] += text
      if (!isSilent && text.endsWith('\r\n\r\n'))
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    socket.on('error', () => {})
    socket.on('close', () => closed.add(at))
    t.after(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return {
    port: (server.address() as AddressInfo).port,
    received,
    isClosed: (index) => closed.has(index),
  }
}
