// WebSocket through `topspin serve`: what both ends say arrives, and the end of one is the end of the other.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket as NetSocket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Running, startServe } from '../../support/topspin.ts'
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

/** A client of a node that has said `ready`, through a proxy; `socket` is the node's side. */
async function opened(
  t: TestContext,
  workers: string,
  environment: Record<string, string> = {},
): Promise<{ server: Server; socket: NetSocket; serve: Running; closed: Promise<unknown[]> }> {
  const server = createServer().listen(0, '127.0.0.1')
  const node = new WebSocket.WebSocketServer({ server })
  await until('the node listens', () => server.listening)
  const { port } = server.address() as AddressInfo
  const serve = await startServe(['--to', `127.0.0.1:${port}`, '--workers', workers], environment)
  t.after(() => serve.child.kill('SIGKILL'))
  const connected = once(server, 'upgrade')
  node.on('connection', (socket: Socket) => socket.send('ready'))
  const client = new WebSocket(serve.traffic.replace('http:', 'ws:'))
  t.after(() => client.terminate())
  client.on('error', () => {})
  await once(client, 'message')
  const [, socket] = (await connected) as [unknown, NetSocket]
  t.after(() => {
    socket.destroy()
    server.close()
  })
  return { server, socket, serve, closed: once(client, 'close') }
}

for (const workers of ['0', '2']) {
  test(`a client whose node is killed gets a Close frame, ${workers} workers`, async (t) => {
    const ws = createRequire(import.meta.url).resolve('ws')
    const node = spawn(process.execPath, [
      '--eval',
      `const server = require('node:http').createServer()
       const { WebSocketServer } = require(${JSON.stringify(ws)})
       new WebSocketServer({ server }).on('connection', (socket) => socket.send('ready'))
       server.listen(0, '127.0.0.1', () => console.log(server.address().port))`,
    ])
    t.after(() => node.kill('SIGKILL'))
    const [port] = await once(node.stdout, 'data')
    const serve = await startServe(['--to', `127.0.0.1:${Number(port)}`, '--workers', workers])
    t.after(() => serve.child.kill('SIGKILL'))
    const clients = Array.from(
      { length: 20 },
      () => new WebSocket(serve.traffic.replace('http:', 'ws:')),
    )
    await Promise.all(clients.map((client) => once(client, 'message')))
    const closed = clients.map((client) => once(client, 'close'))
    node.kill('SIGKILL')
    for (const [code] of await Promise.all(closed)) assert.equal(code, 1001)
  })
}

test('a client whose connection a running node cuts is cut', async (t) => {
  for (const end of ['destroy', 'resetAndDestroy'] as const) {
    const { socket, closed } = await opened(t, '0')
    socket[end]()
    const [code] = await closed
    assert.equal(code, 1006, end)
  }
})

test('a client whose node resets the connection and has gone gets a Close frame', async (t) => {
  const { server, socket, closed } = await opened(t, '0')
  server.close()
  socket.resetAndDestroy()
  const [code] = await closed
  assert.equal(code, 1001)
})

test('a client whose node ends inside a frame is cut', async (t) => {
  const { server, socket, closed } = await opened(t, '0')
  server.close()
  socket.end(Buffer.of(0x81, 5, 104, 97))
  const [code] = await closed
  assert.equal(code, 1006)
})

for (const workers of ['0', '2']) {
  test(`a client gets a Close frame when the proxy ends, ${workers} workers`, async (t) => {
    const { serve, closed } = await opened(t, workers, { TOPSPIN_TIMEOUTS_DRAIN: '200ms' })
    serve.child.kill('SIGTERM')
    const [code] = await closed
    assert.equal(code, 1001)
    assert.equal((await serve.ended).code, 0)
  })
}
