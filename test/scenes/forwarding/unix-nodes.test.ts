// Nodes on unix sockets: requests, retries, probes, TLS, and how they are shown.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import { probe } from '../../../src/net/probe.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { sendMessage } from '../../support/control-client.ts'
import { startNode } from '../../support/node-server.ts'
import { get, post, RawClient } from '../../support/raw-client.ts'
import { startServe, topspin } from '../../support/topspin.ts'
import { socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'

const echo: RequestListener = (req, res) => {
  if (req.method === 'POST') req.pipe(res)
  else res.end(`${req.headers.host} ${req.url}`)
}

async function listen(t: TestContext, server: Server, path: string): Promise<void> {
  server.listen(path)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
}

test('requests go to a node on a unix socket over kept connections', async (t) => {
  const path = join(socketFolder(t), 'app.sock')
  const server = createServer(echo)
  let connections = 0
  server.on('connection', () => connections++)
  await listen(t, server, path)
  const { port } = await startProxy(t, [{ host: `unix:${path}`, port: 0 }])
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 3; i++)
    assert.equal((await client.ask(get('/x'))).body.toString(), 'app.test /x')
  const body = 'x'.repeat(1_000_000)
  assert.equal((await client.ask(post('/x', body))).body.toString(), body)
  assert.equal(connections, 1)
})

test('a client that gives up in the middle does no harm to a connection that cannot be reset', async (t) => {
  const path = join(socketFolder(t), 'app.sock')
  const waiting = new Set<unknown>()
  const server = createServer((req, res) => {
    if (req.url !== '/slow') return void res.end('done')
    waiting.add(res)
    res.on('close', () => waiting.delete(res))
  })
  await listen(t, server, path)
  const { port, proxy } = await startProxy(t, [{ host: `unix:${path}`, port: 0 }])
  const client = await RawClient.connect(t, port)
  client.send(get('/slow'))
  await until('the request is at the node', () => waiting.size === 1)
  client.socket.destroy()
  await until('the node has seen the end', () => waiting.size === 0)
  const other = await RawClient.connect(t, port)
  assert.equal((await other.ask(get('/'))).status, 200)
  assert.equal(proxy.counters.faults, 0)
})

test('without a file, or with nobody behind it, another node serves', async (t) => {
  const folder = socketFolder(t)
  const path = join(folder, 'app.sock')
  await listen(t, createServer(echo), path)
  const missing = { host: `unix:${join(folder, 'none.sock')}`, port: 0 }
  const { port, live } = await startProxy(t, [missing, { host: `unix:${path}`, port: 0 }])
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 4; i++) assert.equal((await client.ask(get('/'))).status, 200)
  assert.equal(live(1).health.kind, 'down')
})

test('TLS on a unix socket: the certificate is one of localhost', {
  skip: noOpenssl,
}, async (t) => {
  const authority = new Authority()
  const path = join(socketFolder(t), 'app.sock')
  const server = createSecureServer(authority.issue(), echo)
  await listen(t, server as unknown as Server, path)
  const node = { host: `unix:${path}`, port: 0, type: 'https' }
  const given = { nodeTls: { ca: authority.cert } }
  const { port } = await startProxy(t, [node], given)
  const client = await RawClient.connect(t, port)
  assert.equal((await client.ask(get('/x'))).body.toString(), 'app.test /x')
  const other = { nodeTls: { ca: authority.cert, servername: 'app.test' } }
  const strict = await startProxy(t, [node], other)
  const refused = await RawClient.connect(t, strict.port)
  assert.equal((await refused.ask(get('/x'))).status, 503)
})

test('serve probes it, shows it, explains it, and lets no message register one', async (t) => {
  const path = join(socketFolder(t), 'app.sock')
  const server = createServer(echo)
  await listen(t, server, path)
  const env = { TOPSPIN_HEALTH: '{"probe":"http","interval":"200ms","fall":"1"}' }
  const serve = await startServe(['--to', `unix:${path}`, '--workers', '1'], env)
  t.after(() => serve.child.kill('SIGKILL'))
  const control = new URL(serve.control).host
  const route = `unix${path.replace(/[^A-Za-z0-9]+/g, '-')}`.slice(-63)
  const status = async () => (await topspin('status', '--control', control)).stdout
  assert.ok((await status()).includes(`http://unix:${path}`))
  const { traffic } = serve
  assert.equal(await (await fetch(`${traffic}x`)).text(), `${new URL(traffic).host} /x`)
  const explained = await topspin('explain', '/x', '--control', control)
  assert.ok(explained.stdout.includes(route), explained.stdout)
  server.closeAllConnections()
  server.close()
  rmSync(path, { force: true })
  await until('a probe has found it down', async () => /down/.test(await status()))
  await listen(t, createServer(echo), path)
  await until('a probe has found it up', async () => !/down/.test(await status()))
  const config = `JVMRoute=a&Host=unix:${path}&Port=1&Type=http`
  const reply = await sendMessage(Number(new URL(serve.control).port), 'CONFIG', config)
  assert.match(reply.status, /500/)
})

/** Listens, and accepts nothing. */
const stuck = `
const server = require('node:net').createServer().listen({ path: process.argv[1], backlog: 0 })
server.once('listening', () => {
  require('node:fs').writeSync(1, 'listens')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

test('a node whose queue of connections is full stays up, and another one serves', async (t) => {
  const path = join(socketFolder(t), 'busy.sock')
  const child = spawn(process.execPath, ['-e', stuck, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const full: Socket[] = []
  t.after(() => {
    for (const socket of full) socket.destroy()
  })
  for (let isFull = false; !isFull; ) {
    const socket = connect(path)
    full.push(socket)
    const outcome = new Promise((resolve) => socket.once('connect', resolve).once('error', resolve))
    isFull = ((await outcome) as NodeJS.ErrnoException | undefined)?.code === 'EAGAIN'
  }
  const other = await startNode(t, (_, response) => response.end('served'))
  const busy = { host: `unix:${path}`, port: 0 }
  const { port, live, proxy } = await startProxy(t, [busy, { port: other.port }])
  const client = await RawClient.connect(t, port)
  for (let i = 0; i < 20; i++) assert.equal((await client.ask(get('/x'))).body.toString(), 'served')
  assert.notEqual(live(1).health.kind, 'down')
  assert.ok(live(1).failures > 0)
  assert.equal(proxy.counters.shortages, 0)
  const question = { ...defaultCheck.question }
  const target = { ...busy, type: 'http', question, timeoutMs: 1_000 }
  assert.equal((await probe({ ...target, probe: 'tcp' })).late, 'answer')
})
