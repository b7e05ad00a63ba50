// Servers of node:http2 that join a cluster, and are asked over HTTP/2 by the proxy.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { joinCluster } from '../../../src/agent/index.ts'
import { noOpenssl, selfSigned } from '../../support/certificates.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { ask, connectHttp2 } from '../../support/http2-client.ts'
import { get } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

async function listening(t: TestContext, server: http2.Http2Server | http2.Http2SecureServer) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
}

test('a server in the clear gets requests over HTTP/2 until it closes', async (t) => {
  const serve = await startServe(['--workers', '0'], {}, { deadlineMs: 60_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const server = http2.createServer()
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200 })
    stream.end(`asked for ${headers[':path']}`)
  })
  await listening(t, server)
  const proxy = new URL(serve.control).host
  const agent = await joinCluster(server, { proxies: [proxy], contexts: ['/rpc'], route: 'two' })
  const port = Number(new URL(serve.traffic).port)
  assert.equal((await get(port, '/rpc/a')).text, 'asked for /rpc/a')
  const answer = await ask(await connectHttp2(t, port), { ':path': '/rpc/b' })
  assert.equal(answer.body, 'asked for /rpc/b')
  assert.equal(agent.inFlight, 0)
  assert.equal((server.address() as AddressInfo).port > 0, true)
  await agent.close()
  assert.equal(server.listening, false)
  await until('its context is gone', async () => (await get(port, '/rpc/a')).status !== 200)
})

test('requests in flight are counted', async (t) => {
  const fake = await FakeHttpd.start(t)
  const waiting: http2.ServerHttp2Stream[] = []
  const server = http2.createServer()
  server.on('stream', (stream) => waiting.push(stream))
  await listening(t, server)
  const agent = await joinCluster(server, { proxies: [fake.address], route: 'two' })
  t.after(() => agent.close())
  const session = await connectHttp2(t, (server.address() as AddressInfo).port)
  const answer = ask(session, { ':path': '/' })
  await until('it has arrived', () => waiting.length === 1)
  assert.equal(agent.inFlight, 1)
  waiting[0]?.respond({ ':status': 200 }, { endStream: true })
  await answer
  await until('it is over', () => agent.inFlight === 0)
})

test('TLS is h2, or https when the server takes HTTP/1.1, too', { skip: noOpenssl }, async (t) => {
  const { key, cert } = selfSigned()
  for (const allowHTTP1 of [false, true]) {
    const fake = await FakeHttpd.start(t)
    const server = http2.createSecureServer({ key, cert, allowHTTP1 })
    await listening(t, server)
    const agent = await joinCluster(server, { proxies: [fake.address], route: 'tls' })
    assert.equal(fake.nodes.get('tls')?.config.get('Type'), allowHTTP1 ? 'https' : 'h2')
    await agent.close()
  }
})
