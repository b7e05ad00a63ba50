// WebSockets to nodes that speak HTTP/2 and take the extended CONNECT of RFC 8441, for clients of HTTP/1.1 and HTTP/2.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { answerOf, connectHttp2 } from '../../support/http2-client.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1')
  .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  .digest('base64')
const takesConnect = { settings: { enableConnectProtocol: true } }
const megabyte = Buffer.alloc(1_000_000, 'topspin ')

/** Sends back what arrives. */
function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  stream.respond({
    ':status': 200,
    'x-seen': JSON.stringify(headers),
    'sec-websocket-protocol': 'chat',
    'sec-websocket-accept': 'of the node',
  })
  stream.pipe(stream)
}

function handshake(port: number): http.ClientRequest {
  const request = http.get({
    port,
    path: '/chat?a=b',
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Protocol': 'chat',
    },
  })
  request.on('error', () => {})
  return request
}

async function upgraded(t: TestContext, port: number): Promise<[http.IncomingMessage, Socket]> {
  const [response, socket, first] = (await once(handshake(port), 'upgrade')) as [
    http.IncomingMessage,
    Socket,
    Buffer,
  ]
  socket.on('error', () => {})
  socket.unshift(first)
  t.after(() => socket.destroy())
  return [response, socket]
}

async function read(from: AsyncIterable<Buffer>, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of from) {
    pieces.push(piece)
    length += piece.length
    if (length >= bytes) break
  }
  return Buffer.concat(pieces)
}

describe('a WebSocket over HTTP/1.1', () => {
  test('becomes an extended CONNECT, and 200 becomes 101 with the key accepted', async (t) => {
    const node = await startHttp2Node(t, echo, takesConnect)
    const { port } = await startProxy(t, [node])
    const [response, socket] = await upgraded(t, port)
    assert.equal(response.statusCode, 101)
    assert.equal(response.headers.upgrade, 'websocket')
    assert.equal(response.headers['sec-websocket-accept'], accept)
    assert.equal(response.headers['sec-websocket-protocol'], 'chat')
    const seen = JSON.parse(String(response.headers['x-seen'])) as IncomingHttpHeaders
    assert.equal(seen[':method'], 'CONNECT')
    assert.equal(seen[':protocol'], 'websocket')
    assert.equal(seen[':scheme'], 'http')
    assert.equal(seen[':path'], '/chat?a=b')
    assert.equal(seen[':authority'], `localhost:${port}`)
    assert.equal(seen['sec-websocket-version'], '13')
    assert.equal(seen['sec-websocket-protocol'], 'chat')
    for (const name of ['sec-websocket-key', 'upgrade', 'connection', 'content-length'])
      assert.equal(seen[name], undefined, name)
    socket.write('hello')
    assert.equal(String((await once(socket, 'data'))[0]), 'hello')
  })

  test('carries megabytes both ways, then either end', async (t) => {
    const node = await startHttp2Node(t, echo, takesConnect)
    const { port, live } = await startProxy(t, [node], { allowHalfOpen: true })
    const [, socket] = await upgraded(t, port)
    for (let i = 0; i < 8; i++) socket.write(megabyte)
    socket.end()
    let length = 0
    let isSame = true
    for await (const piece of socket as AsyncIterable<Buffer>) {
      isSame &&= piece.equals(
        Buffer.from('topspin '.repeat(piece.length / 8 + 2))
          .subarray(length % 8)
          .subarray(0, piece.length),
      )
      length += piece.length
    }
    assert.deepEqual([length, isSame], [8_000_000, true])
    await until('the node has no request', () => live(1).inFlight === 0)
    assert.equal(node.opened(), 1)
  })

  test('does not hold up other streams of its session while its client reads nothing', async (t) => {
    const node = await startHttp2Node(
      t,
      (stream, headers) => {
        if (headers[':method'] === 'GET') {
          stream.respond({ ':status': 200 })
          return void stream.end('other')
        }
        stream.respond({ ':status': 200 })
        for (let i = 0; i < 20; i++) stream.write(megabyte)
      },
      { ...takesConnect, maxSessionMemory: 100 },
    )
    const { port } = await startProxy(t, [node])
    const [, socket] = await upgraded(t, port)
    socket.pause()
    for (let i = 0; i < 5; i++) assert.equal((await get(port)).text, 'other')
    assert.equal((await read(socket, 20_000_000)).length, 20_000_000)
    assert.equal(node.opened(), 1)
  })

  test('that the node resets is cut, and one that the client leaves is reset there', async (t) => {
    const streams: ServerHttp2Stream[] = []
    const node = await startHttp2Node(
      t,
      (stream) => {
        streams.push(stream)
        stream.respond({ ':status': 200 })
      },
      takesConnect,
    )
    const { port } = await startProxy(t, [node])
    const [, first] = await upgraded(t, port)
    const ended = once(first, 'close')
    first.resume()
    streams[0]?.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    await ended
    const [, second] = await upgraded(t, port)
    const other = streams[1] as ServerHttp2Stream
    const closed = once(other, 'close')
    second.resetAndDestroy()
    await closed
    assert.equal(other.rstCode, http2.constants.NGHTTP2_CANCEL)
  })

  test('that the node refuses gets its answer, and the connection goes on', async (t) => {
    const node = await startHttp2Node(
      t,
      (stream, headers) => {
        stream.respond({ ':status': headers[':method'] === 'CONNECT' ? 403 : 200 })
        stream.end('no')
      },
      takesConnect,
    )
    const { port } = await startProxy(t, [node])
    const [response] = (await once(handshake(port), 'response')) as [http.IncomingMessage]
    assert.equal(response.statusCode, 403)
    response.resume()
    assert.equal((await get(port)).text, 'no')
    assert.equal(node.opened(), 1)
  })

  test('reaches a node that takes none as an ordinary request', async (t) => {
    const node = await startHttp2Node(t, (stream, headers) => {
      stream.respond({ ':status': 200 })
      stream.end(String(headers[':method']))
    })
    const { port } = await startProxy(t, [node])
    const [response] = (await once(handshake(port), 'response')) as [http.IncomingMessage]
    assert.equal(response.statusCode, 200)
    assert.equal(String(await read(response, 3)), 'GET')
  })
})

describe('a WebSocket over HTTP/2', () => {
  const connect = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/chat',
    'sec-websocket-version': '13',
  }

  test('passes through, and ends as either side ends it', async (t) => {
    const node = await startHttp2Node(t, echo, takesConnect)
    const { port, live } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    await until(
      'its settings are there',
      () => session.remoteSettings.enableConnectProtocol === true,
    )
    const stream = session.request(connect, { endStream: false })
    const answer = answerOf(stream)
    for (let i = 0; i < 3; i++) stream.write(megabyte)
    stream.end('last')
    const { status, body, code, headers } = await answer
    assert.deepEqual([status, body.length, code], [200, 3_000_004, 0])
    assert.equal(headers['sec-websocket-accept'], undefined)
    assert.equal(headers['sec-websocket-protocol'], 'chat')
    await until('the node has no request', () => live(1).inFlight === 0)
  })

  test('that the node refuses gets its answer', async (t) => {
    const node = await startHttp2Node(
      t,
      (stream) => stream.respond({ ':status': 404 }, { endStream: true }),
      takesConnect,
    )
    const { port } = await startProxy(t, [node])
    const session = await connectHttp2(t, port)
    await until(
      'its settings are there',
      () => session.remoteSettings.enableConnectProtocol === true,
    )
    assert.equal((await answerOf(session.request(connect, { endStream: false }))).status, 404)
  })
})
