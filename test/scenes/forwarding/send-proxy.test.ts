// Nodes that get PROXY headers: one header begins each connection, and no two clients share a connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { NodeTls } from '../../../src/net/node-tls.ts'
import { probeWith } from '../../../src/net/probe.ts'
import { localHeader } from '../../../src/wire/proxy-protocol/write.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { headerV2, tcp4V2 } from '../../support/proxy-headers.ts'
import { get, RawClient, request } from '../../support/raw-client.ts'
import { startServe } from '../../support/topspin.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'

const v1 = [{ version: 'v1' }] as const
const v2 = [{ version: 'v2' }] as const

interface RecordingNode {
  readonly port: number
  /** What each connection has sent so far. */
  readonly connections: string[]
}

/** Answers each request by the number of its connection, whatever stands in front of it. */
async function startNode(t: TestContext): Promise<RecordingNode> {
  const connections: string[] = []
  const answer = (index: number, socket: net.Socket) => (bytes: Buffer) => {
    const text = bytes.toString('latin1')
    connections[index] += text
    const body = String(index)
    for (const _ of text.matchAll(/\r\n\r\n(?!\0)/g)) {
      if (!connections[index]?.includes('HTTP/1.1')) continue
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }
  }
  const server = net.createServer((socket) => {
    const index = connections.push('') - 1
    socket.on('error', () => {})
    socket.on('data', answer(index, socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { port: (server.address() as net.AddressInfo).port, connections }
}

async function start(t: TestContext, node: RecordingNode, given: Given, type = 'http') {
  const running = await startProxy(t, [{ port: node.port, type }], given)
  const connect = () => RawClient.connect(t, running.port)
  return { ...running, connect }
}

test('the header of version 1 names the client, and its requests share the connection', async (t) => {
  const node = await startNode(t)
  const { connect, port } = await start(t, node, { sendProxy: v1 })
  const [a, b] = [await connect(), await connect()]
  const asked: string[] = []
  for (const client of [a, b, a, b]) asked.push((await client.ask(get('/'))).body.toString())
  assert.deepEqual(asked, ['0', '1', '0', '1'])
  for (const [index, client] of [a, b].entries()) {
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${port}\r\n`
    assert.ok(node.connections[index]?.startsWith(`${line}GET / HTTP/1.1\r\n`))
    assert.equal(node.connections[index]?.split('PROXY').length, 2, 'one header')
  }
})

test('the connection closes with that of its client', async (t) => {
  const origin = await startOrigin(t)
  const back = await startProxy(t, [{ port: origin.port }], {
    at: { proxyProtocol: ['127.0.0.1'] },
  })
  const { port } = await startProxy(t, [{ port: back.port }], { sendProxy: v2 })
  const client = await RawClient.connect(t, port)
  await client.ask(get('/echo'))
  assert.equal(back.proxy.connections, 1)
  client.socket.end()
  await until('the connection to the node is closed', () => back.proxy.connections === 0)
})

test('the client of a PROXY header is passed on through two proxies, for each version', async (t) => {
  for (const sendProxy of [v1, v2]) {
    const origin = await startOrigin(t)
    const at = { proxyProtocol: ['127.0.0.1'] }
    const back = await startProxy(t, [{ port: origin.port }], { at, via: 'back' })
    const given = { at, sendProxy, via: 'front' }
    const { port } = await startProxy(t, [{ port: back.port }], given)
    const client = await RawClient.connect(t, port)
    client.send(tcp4V2)
    await client.ask(get('/echo', 'X-Forwarded-For: 9.9.9.9'))
    assert.equal(origin.seen[0]?.get('x-forwarded-for'), '192.0.2.1')
  }
})

test('requests are balanced one by one all the same', async (t) => {
  const nodes = [await startNode(t), await startNode(t)]
  const { port } = await startProxy(
    t,
    nodes.map((node) => ({ port: node.port })),
    { sendProxy: v1, candidacy: ['usable', 'byRandom'] },
  )
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 40; i++) await client.ask(get('/'))
  for (const node of nodes) assert.equal(node.connections.length, 1, 'one connection, used again')
})

test('rules name nodes and balancers', async (t) => {
  const [plain, proxied] = [await startNode(t), await startNode(t)]
  const sendProxy = [
    ...v2,
    { node: 'n1', version: 'off' },
    { balancer: 'other', version: 'v1' },
  ] as const
  const nodes = [{ port: plain.port }, { port: proxied.port }]
  const { port } = await startProxy(t, nodes, { sendProxy, candidacy: ['usable', 'byRandom'] })
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 40; i++) await client.ask(get('/'))
  assert.match(plain.connections[0] ?? '', /^GET/)
  assert.match(proxied.connections[0] ?? '', /^\r\n\r\n\0\r\nQUIT\n!\x11/)
})

test('upgrades go through, and a client on a unix socket is unknown', async (t) => {
  const origin = await startOrigin(t)
  const at = { proxyProtocol: ['127.0.0.1'] }
  const back = await startProxy(t, [{ port: origin.port }], { at, via: 'back' })
  const path = join(socketFolder(t), 'a.sock')
  const given = { sendProxy: v2, at: { host: `unix:${path}` } }
  await startProxy(t, [{ port: back.port }], given)
  const socket = net.connect({ path })
  t.after(() => socket.destroy())
  socket.write(request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo'))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 101/)
  socket.write('hello')
  const [echo] = (await once(socket, 'data')) as [Buffer]
  assert.equal(echo.toString(), 'hello')
  assert.equal(origin.seen[0]?.get('x-forwarded-for'), '127.0.0.1')
})

test('the header comes before TLS to the node', { skip: noOpenssl }, async (t) => {
  const authority = new Authority()
  const origin = await startOrigin(t)
  const at = { proxyProtocol: ['127.0.0.1'] }
  const tls = authority.issue()
  const back = await startProxy(t, [{ port: origin.port }], { at, tls, via: 'back' })
  const nodes = [{ port: back.port, type: 'https' }]
  const given = { sendProxy: v1, at, nodeTls: { ca: authority.cert } }
  const { port } = await startProxy(t, nodes, given)
  for (let i = 0; i < 2; i++) {
    const client = await RawClient.connect(t, port)
    client.send(tcp4V2)
    assert.equal((await client.ask(get('/echo'))).status, 200)
  }
  assert.equal(origin.seen.length, 2)
  for (const seen of origin.seen) assert.equal(seen.get('x-forwarded-for'), '192.0.2.1')
  const probe = probeWith(
    () => new NodeTls({ ca: authority.cert }),
    () => localHeader('v2'),
  )
  const question = { method: 'GET', path: '/echo', host: '', expect: [[200, 399]] } as const
  const target = { host: '127.0.0.1', port: back.port, type: 'https', question, timeoutMs: 2_000 }
  for (const kind of ['http', 'tcp'] as const)
    assert.equal((await probe({ ...target, probe: kind })).answered, true, kind)
  const strict = await startProxy(t, nodes, { sendProxy: v1 })
  const refused = await RawClient.connect(t, strict.port)
  assert.equal((await refused.ask(get('/'))).status, 503, 'its authority is unknown')
})

test('a probe sends the header of a connection of the proxy itself', async (t) => {
  const node = await startNode(t)
  for (const [version, begins] of [
    ['v1', 'PROXY UNKNOWN\r\n'],
    ['v2', headerV2(0x20, 0x00, Buffer.alloc(0)).toString('latin1')],
  ] as const) {
    const probe = probeWith(
      () => new NodeTls(),
      () => localHeader(version),
    )
    const question = { method: 'GET', path: '/up', host: '', expect: [[200, 399]] } as const
    const target = { host: '127.0.0.1', port: node.port, type: 'http', question, timeoutMs: 2_000 }
    assert.equal((await probe({ ...target, probe: 'http' })).answered, true)
    assert.ok(node.connections.at(-1)?.startsWith(`${begins}GET /up HTTP/1.1\r\n`))
    assert.equal((await probe({ ...target, probe: 'tcp' })).answered, true)
    await until('the header has arrived', () => node.connections.at(-1) === begins)
  }
})

test('serve sends headers as the configuration says, in requests and in probes', async (t) => {
  const node = await startNode(t)
  const env = {
    TOPSPIN_SEND_PROXY: `{"node":"127.0.0.1:${node.port}","version":"v2"}`,
    TOPSPIN_HEALTH: '{"probe":"http","interval":"200ms"}',
    TOPSPIN_HEALTH_CHECKS: '{"probe":"http","interval":"200ms"}',
  }
  const serve = await startServe(['--to', `127.0.0.1:${node.port}`, '--workers', '1'], env)
  t.after(() => serve.child.kill('SIGKILL'))
  assert.equal((await fetch(serve.traffic)).status, 200)
  const local = headerV2(0x20, 0x00, Buffer.alloc(0)).toString('latin1')
  const of = (start: string) => node.connections.filter((text) => text.startsWith(start))
  await until(
    'a probe has come',
    () => of(`${local}GET`).length > 0,
    10_000,
    () => node.connections,
  )
  assert.ok(node.connections.every((text) => text.startsWith('\r\n\r\n\0\r\nQUIT\n')))
})
