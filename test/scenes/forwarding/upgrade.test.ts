// Tunnels: WebSocket with a real implementation at both ends, and the bare bytes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

/** What is used here of package `ws`, which comes without types. */
interface WebSocket {
  on(event: 'message', listener: (data: Buffer) => void): void
  on(event: 'close', listener: (code: number) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  once(event: string, listener: () => void): void
  send(data: string | Buffer): void
  close(code?: number): void
  terminate(): void
  pause(): void
  resume(): void
}
interface WebSocketServer {
  address(): AddressInfo
  on(event: 'connection', listener: (socket: WebSocket) => void): void
  close(): void
}
const ws = createRequire(import.meta.url)('ws') as {
  new (url: string): WebSocket
  WebSocketServer: new (options: { port: number; host: string }) => WebSocketServer
}

async function webSocket(t: TestContext, onConnection: (socket: WebSocket) => void) {
  const server = new ws.WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server as unknown as NodeJS.EventEmitter, 'listening')
  server.on('connection', onConnection)
  const running = await startProxy(t, [{ port: server.address().port }])
  const client = new ws(`ws://127.0.0.1:${running.port}/chat`)
  client.on('error', () => {})
  t.after(() => {
    client.terminate()
    server.close()
  })
  await new Promise<void>((resolve) => client.once('open', resolve))
  return { client, ...running }
}

describe('WebSocket', () => {
  test('messages of all sizes pass both ways, and the closing code arrives', async (t) => {
    const { client, live } = await webSocket(t, (socket) => {
      socket.on('message', (data) => socket.send(data))
    })
    const got: Buffer[] = []
    let code = 0
    client.on('message', (data) => got.push(Buffer.from(data)))
    client.on('close', (value) => {
      code = value
    })
    const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000]
    for (const size of sizes) client.send(Buffer.alloc(size, 'w'))
    await until('all have come back', () => got.length === sizes.length)
    assert.deepEqual(
      got.map(({ length }) => length),
      sizes,
    )
    assert.equal(live(1).inFlight, 1)
    client.close(4_001)
    await until('the end has arrived', () => code === 4_001)
    await until('the node is free', () => live(1).inFlight === 0)
  })

  test('a node that crashes ends its tunnel', async (t) => {
    const { client, proxy } = await webSocket(t, (socket) => {
      socket.on('message', () => socket.terminate())
    })
    let code = 0
    client.on('close', (value) => {
      code = value
    })
    client.send('die')
    await until('the client sees it', () => code === 1_006)
    await until('nothing is left', () => proxy.connections === 0)
  })

  test('a client that stops reading blocks the sender, not the proxy', async (t) => {
    let sent = 0
    let server: WebSocket | undefined
    const { client } = await webSocket(t, (socket) => {
      server = socket
    })
    await until('both stand', () => server !== undefined)
    client.pause()
    const piece = Buffer.alloc(1_000_000, 'p')
    const before = process.memoryUsage().arrayBuffers
    for (; sent < 40; sent++) server!.send(piece)
    await new Promise((resolve) => setTimeout(resolve, 200))
    // The pieces share their memory with what `ws` queues; what the proxy holds would be copies.
    assert.ok(process.memoryUsage().arrayBuffers - before < 8_000_000)
    let received = 0
    client.on('message', (data) => {
      received += data.length
    })
    client.resume()
    await until('all of it has come', () => received === 40_000_000, 20_000)
  })
})

describe('bare tunnels', () => {
  const upgrade = request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo')

  test('bytes that the client sends right behind its request reach the node', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    client.send(`${upgrade}early `)
    assert.equal((await client.answer())?.status, 101)
    client.send('late')
    await until('both came back', () => client.text.endsWith('\r\n\r\nearly late'))
  })

  test('the end of one direction leaves the other open', async (t) => {
    const origin = await startOrigin(t)
    const { port, live, proxy } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    client.send(upgrade)
    await client.answer()
    const text = 'x'.repeat(3_000_000)
    client.send(text)
    client.socket.end()
    await client.over()
    assert.equal(client.text.endsWith(text), true)
    assert.equal(client.error, undefined)
    await until('nothing is left', () => proxy.connections === 0 && live(1).inFlight === 0)
  })

  test('a request whose Connection does not name Upgrade, or that upgrades to h2c, is an ordinary one', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    await client.ask(get('/echo', 'Upgrade: echo'))
    await client.ask(
      get('/echo', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: x'),
    )
    for (const seen of origin.seen) {
      assert.equal(seen.get('upgrade'), undefined)
      assert.equal(seen.get('http2-settings'), undefined)
    }
  })

  test('a response that declines the upgrade is an ordinary one', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    const answer = await client.ask(get('/echo', 'Connection: Upgrade', 'Upgrade: echo'))
    assert.equal(answer.status, 200)
    assert.equal((await client.ask(get('/echo'))).status, 200)
  })

  const tcp = ['Connection: Upgrade', 'Upgrade: tcp']

  test('a POST with a body becomes a tunnel, as docker exec does it', async (t) => {
    const origin = await startOrigin(t)
    const { port, live } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    client.send(post('/tunnel', '{"Tty":false}', ...tcp))
    const answer = await client.answer()
    assert.equal(answer?.status, 101)
    assert.equal(answer?.get('upgrade'), 'tcp')
    assert.equal(origin.seen[0]?.get('upgrade'), 'tcp')
    assert.equal(origin.seen[0]?.get('connection'), 'Upgrade')
    client.send('ls\n')
    await until('body and input came back', () => client.text.endsWith('{"Tty":false}ls\n'))
    client.socket.end()
    await client.over()
    await until('the node is free', () => live(1).inFlight === 0)
  })

  test('the rest of a body keeps its framing when the node switches before its end', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const long = 'x'.repeat(3_000_000)
    const cases = [
      [`Content-Length: ${long.length + 3}`, 'abc', long, `abc${long}`],
      ['Content-Length: 3', '', 'abc', 'abc'],
      ['Transfer-Encoding: chunked', '5;e\r\nhe', 'llo\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
      ['Transfer-Encoding: chunked', '5', ';e\r\nhello\r\n00\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ] as const
    for (const [framing, first, rest, relayed] of cases) {
      const client = await RawClient.connect(t, port)
      client.send(request('POST', '/tunnel', framing, ...tcp) + first)
      const answer = await client.answer()
      assert.equal(answer?.status, 101)
      client.send(`${rest}input`)
      const all = (): string => client.bytes.subarray(answer.end).toString('latin1')
      await until('all of it came back', () => all().length >= relayed.length + 5)
      assert.ok(all() === `${relayed}input`, framing)
    }
  })

  test('a body that breaks its framing behind a 101 ends the tunnel', async (t) => {
    const origin = await startOrigin(t)
    const { port, live } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    client.send(request('POST', '/tunnel', 'Transfer-Encoding: chunked', ...tcp))
    assert.equal((await client.answer())?.status, 101)
    client.send('GET / HTTP/1.1\r\n')
    await client.over()
    await until('the node is free', () => live(1).inFlight === 0)
  })

  test('a 426 keeps the protocols that the node asks for', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const fields =
      'Connection: Upgrade\r\nUpgrade: websocket, SPDY/3.1\r\nContent-Length: 0\r\n\r\n'
    const client = await RawClient.connect(t, port)
    const kept = await client.ask(get(raw(`HTTP/1.1 426 Upgrade Required\r\n${fields}`)))
    assert.equal(kept.get('upgrade'), 'websocket, SPDY/3.1')
    assert.equal(kept.get('connection'), 'Upgrade')
    const other = await client.ask(get(raw(`HTTP/1.1 200 OK\r\n${fields}`)))
    assert.equal(other.get('upgrade'), undefined)
    const last = await client.ask(
      get(raw(`HTTP/1.1 426 Upgrade Required\r\n${fields}`), 'Connection: close'),
    )
    assert.equal(last.get('connection'), 'close, Upgrade')
    assert.equal(last.get('upgrade'), 'websocket, SPDY/3.1')
  })

  test('a 101 for another protocol than the requested one is a 502', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    const target = raw('HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n')
    const answer = await client.ask(get(target, 'Connection: Upgrade', 'Upgrade: echo'))
    assert.equal(answer.status, 502)
  })
})
