// Calls of gRPC through the proxy, as frames: failures by grpc-status, deadlines, silence, and the health check of nodes.

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { test } from 'node:test'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import { probe } from '../../../src/net/probe.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { answerOf, ask, connectHttp2 } from '../../support/http2-client.ts'
import { startHttp2Node } from '../../support/http2-node.ts'
import { get, startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

const call = {
  ':method': 'POST',
  ':path': '/a.B/C',
  'content-type': 'application/grpc',
  te: 'trailers',
}

const message = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, bytes.length]), bytes])

test('a call that no node can take fails by grpc-status', async (t) => {
  const { port } = await startProxy(t, [])
  const session = await connectHttp2(t, port)
  const answer = await ask(session, call, 'x')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], 'application/grpc')
  assert.equal(answer.headers['grpc-status'], '12')
  assert.match(String(answer.headers['grpc-message']), /NO_CONTEXT/)
  const down = await startProxy(t, [{ type: 'h2c', port: 1 }])
  const again = await ask(await connectHttp2(t, down.port), call, 'x')
  assert.equal(again.headers['grpc-status'], '14')
  const plain = await ask(session, { ':path': '/' })
  assert.equal(plain.status, 404)
})

test('an answer of trailers alone stays one', async (t) => {
  const node = await startHttp2Node(t, (stream) =>
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' },
      { endStream: true },
    ),
  )
  const { port } = await startProxy(t, [node])
  const stream = (await connectHttp2(t, port)).request(call)
  let flags = 0
  stream.on('response', (_, given) => {
    flags = given
  })
  stream.end('x')
  const answer = await answerOf(stream)
  assert.equal(answer.headers['grpc-status'], '5')
  assert.equal(flags & 1, 1)
})

test('a call that lasts longer than its grpc-timeout ends at node and client', async (t) => {
  const codes: number[] = []
  const node = await startHttp2Node(t, (stream) => {
    stream.on('close', () => codes.push(stream.rstCode))
  })
  const { port } = await startProxy(t, [node])
  const session = await connectHttp2(t, port)
  const answer = await ask(session, { ...call, 'grpc-timeout': '200m' }, 'x')
  assert.equal(answer.headers['grpc-status'], '4')
  await until('the node has been told', () => codes.length === 1)
  assert.deepEqual(codes, [8])
})

test('a call may be silent for longer than other requests, on both sides', async (t) => {
  const waiting: ServerHttp2Stream[] = []
  const node = await startHttp2Node(t, (stream) => waiting.push(stream))
  const { port } = await startProxy(t, [node], {
    tickMs: 10,
    timeouts: { responseHeadMs: 100, responseBodyMs: 100, bodyMs: 100 },
  })
  const session = await connectHttp2(t, port)
  const stream = session.request(call)
  const answer = answerOf(stream)
  await until('it has arrived before any of its body', () => waiting.length === 1)
  const other = await ask(session, { ':path': '/' })
  assert.equal(other.status, 504)
  waiting[0]?.respond({ ':status': 200, 'content-type': 'application/grpc' })
  await new Promise((resolve) => stream.once('response', resolve))
  assert.equal((await ask(session, { ':path': '/' })).status, 504)
  stream.end('x')
  waiting[0]?.end('y')
  assert.equal((await answer).body, 'y')
})

test('many small messages are no flood', async (t) => {
  const node = await startHttp2Node(t, (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    stream.pipe(stream)
  })
  const { port } = await startProxy(t, [node])
  const session = await connectHttp2(t, port)
  const stream = session.request(call)
  const answer = answerOf(stream)
  for (let i = 0; i < 20_000; i++) {
    if (!stream.write(message(Buffer.from('m'))))
      await new Promise((go) => stream.once('drain', go))
  }
  stream.end()
  const { body, code } = await answer
  assert.deepEqual([body.length, code], [20_000 * 6, 0])
})

/** A node with grpc.health.v1: one service is serving, another one not. */
function health(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('end', () => {
    const service = Buffer.concat(pieces).subarray(7).toString()
    const fails = (status: string) =>
      stream.respond({ ':status': 200, 'grpc-status': status }, { endStream: true })
    if (headers[':path'] !== '/grpc.health.v1.Health/Check') return fails('12')
    if (service === 'none') return fails('5')
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(message(Buffer.from([8, service === 'bad' ? 2 : 1])))
  })
}

test('the health check of gRPC asks for a service', async (t) => {
  const node = await startHttp2Node(t, health)
  const base = { host: '127.0.0.1', port: node.port, type: 'h2c', timeoutMs: 5_000 }
  const { question } = defaultCheck
  for (const [service, answered, reason] of [
    ['', true, 'answered'],
    ['good', true, 'answered'],
    ['bad', false, 'the node is NOT_SERVING'],
    ['none', false, 'the node does not know this service'],
  ] as const) {
    const result = await probe({ ...base, probe: 'grpc', question, service })
    assert.deepEqual([result.answered, result.reason], [answered, reason])
  }
})

test('other checks of a node over HTTP/2 speak HTTP/2', async (t) => {
  const node = await startHttp2Node(t, (stream, headers) =>
    stream.respond({ ':status': headers[':path'] === '/ready' ? 200 : 404 }, { endStream: true }),
  )
  const old = await startNode(t)
  const { question } = defaultCheck
  const base = { host: '127.0.0.1', type: 'h2c', timeoutMs: 5_000, question }
  const reasonOf = async (port: number, more: object): Promise<string> =>
    (await probe({ ...base, probe: 'http2', port, ...more })).reason
  assert.equal(await reasonOf(node.port, {}), 'answered')
  assert.equal(await reasonOf(old.port, {}), 'the port does not speak HTTP/2')
  const ready = { probe: 'http', question: { ...question, path: '/ready' } }
  assert.equal(await reasonOf(node.port, ready), 'answered')
  assert.equal(await reasonOf(node.port, { probe: 'http' }), 'GET / was answered by status 404')
  assert.equal((await get(old.port)).status, 200)
})
