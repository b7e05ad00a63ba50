// WebSocket through `topspin serve`: what both ends say arrives, and the end of one is the end of the other.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Socket extends NodeJS.EventEmitter {
  send(data: string | Buffer): void
  close(code: number, reason: string): void
  terminate(): void
}
interface WebSocketModule {
  new (url: string): Socket
  WebSocketServer: new (options: {
    server: Server
  }) => NodeJS.EventEmitter & { clients: Set<Socket> }
}
const WebSocket = createRequire(import.meta.url)('ws') as WebSocketModule

test('messages of any size pass in both directions, and closing passes too', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  const node = new WebSocket.WebSocketServer({ server })
  node.on('connection', (socket: Socket) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      socket.send(isBinary ? data : data.toString().toUpperCase())
    })
  })
  t.after(() => server.close())
  await until('the node listens', () => server.listening)
  const serve = await startServe(['--to', `127.0.0.1:${(server.address() as AddressInfo).port}`])
  t.after(() => serve.child.kill('SIGKILL'))

  const client = new WebSocket(serve.traffic.replace('http:', 'ws:'))
  t.after(() => client.terminate())
  await once(client, 'open')
  client.send('hello')
  const [text] = (await once(client, 'message')) as [Buffer]
  assert.equal(text.toString(), 'HELLO')
  const large = Buffer.alloc(3_000_000, 'x')
  client.send(large)
  const [echo] = (await once(client, 'message')) as [Buffer]
  assert.ok(large.equals(echo))

  const closed = once(client, 'close')
  client.close(4001, 'enough')
  const [code, reason] = (await closed) as [number, Buffer]
  assert.deepEqual([code, reason.toString()], [4001, 'enough'])
  await until('the node has no connection left', () => node.clients.size === 0)
})
