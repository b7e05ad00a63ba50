// What a hostile or unlucky client, or a clumsy node, must not be able to do: end the process, mix
// two clients' bytes, or leave something behind.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type net from 'node:net'
import { describe, test } from 'node:test'
import { Connection } from '../../../src/net/connection.ts'
import { contextOf, startProxy } from '../../support/cluster-fixture.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

describe('the process survives', () => {
  test('clients that disconnect before they are accepted, with trusted networks configured', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }], { trust: ['10.0.0.0/8'] })
    // Another process does it while this one, and so the proxy, stands still.
    const script = `const socket = require('node:net').connect(${port}, '127.0.0.1', () => socket.resetAndDestroy())`
    assert.equal(spawnSync(process.execPath, ['-e', script]).status, 0)
    const client = await RawClient.connect(t, port)
    assert.equal((await client.ask(get('/echo'))).status, 200)
  })

  for (const [name, own] of [
    ['X-Forwarded-Proto', 'http'],
    ['X-Forwarded-Host', 'app.test'],
  ] as const) {
    test(`a trusted hop's ${name} that ends in a no-break space`, async (t) => {
      const origin = await startOrigin(t)
      const { port } = await startProxy(t, [{ port: origin.port }], { trust: ['127.0.0.1'] })
      const client = await RawClient.connect(t, port)
      const answer = await client.ask(get('/echo', `${name}: value\xa0`))
      assert.equal(answer.status, 200)
      assert.equal(origin.seen[0]!.get(name.toLowerCase()), own)
    })
  }
})

describe('bytes of two clients', () => {
  test('a body behind a pipelined request is not overwritten while its node reads it slowly', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    const body = 'mine '.repeat(2_000)
    // The node's socket takes nothing until it is uncorked, as one with a full send buffer would.
    let held: net.Socket | undefined
    const { write } = Connection.prototype
    t.after(() => {
      Connection.prototype.write = write
    })
    Connection.prototype.write = function (bytes) {
      const isSent = write.call(this, bytes)
      const { socket } = this
      if (socket.remotePort === origin.port && Buffer.from(bytes).includes('POST /echo')) {
        held ??= socket
        held.cork()
      }
      return isSent
    }
    client.send(
      get('/echo') +
        request('POST', '/echo', `Content-Length: ${body.length}`, 'Expect: 100-continue'),
    )
    await until('the second request is under way', () => held !== undefined)
    client.send(body)
    await until('the body waits for its node', () => held!.writableLength > 0)
    const other = await RawClient.connect(t, port)
    await other.ask(get(`/echo?${'yours'.repeat(600)}`))
    held!.uncork()
    await until('the body has arrived', () => origin.seen.some(({ method }) => method === 'POST'))
    const posted = origin.seen.find(({ method }) => method === 'POST')!
    assert.equal(posted.body.toString('latin1') === body, true, 'the body is not what was sent')
  })

  test('a request that its node answers before reading it is not overwritten by the next', async (t) => {
    const origin = await startOrigin(t)
    const { port } = await startProxy(t, [{ port: origin.port }])
    const client = await RawClient.connect(t, port)
    await client.ask(get('/echo'))
    const node = [...origin.open][0]!
    let held: net.Socket | undefined
    const { write } = Connection.prototype
    t.after(() => {
      Connection.prototype.write = write
    })
    Connection.prototype.write = function (bytes) {
      if (this.socket.remotePort === origin.port && held === undefined) {
        held = this.socket
        held.cork()
      }
      return write.call(this, bytes)
    }
    client.send(post('/echo?first', 'first body', 'X-Id: first'))
    await until('the request is held back', () => held !== undefined)
    node.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n')
    assert.equal((await client.answer())?.status, 401)
    const second = await client.ask(get('/echo?second', 'X-Id: second'))
    assert.equal(second.body.toString(), '/echo?second')
    assert.equal(origin.executions('second'), 1)
  })
})

test('a request sent while its idle node connection is being closed is not lost, whatever its method', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  let lost = 0
  for (let round = 0; round < 50; round++) {
    await client.ask(get('/echo'))
    // Both arrive at the proxy in the same turn of its event loop, the end of the connection first.
    for (const socket of origin.open) socket.destroy()
    if ((await client.ask(post('/echo', 'body'))).status !== 200) lost++
  }
  assert.equal(lost, 0)
})

test('a waiting request with UseAlias is sent to a node that registers for its host', async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy } = await startProxy(
    t,
    [{ port: origin.port, contexts: [contextOf('/', 'STOPPED', 'app.test')] }],
    { useAlias: true, balancer: { waitMs: 5_000 } },
  )
  const client = await RawClient.connect(t, port)
  client.send(get('/echo'))
  const other = await RawClient.connect(t, port)
  const refused = await other.ask(
    'GET /a-much-longer-target-than-the-other HTTP/1.1\r\nHost: nobody\r\n\r\n',
  )
  assert.equal(refused.status, 404)
  proxy.apply([{ kind: 'contexts', id: 1, contexts: [contextOf('/', 'ENABLED', 'app.test')] }])
  const answer = await client.answer()
  assert.equal(answer?.status, 200)
})

test('a client that waits for a node longer than the body timeout gets no 408', async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy } = await startProxy(
    t,
    [{ port: origin.port, contexts: [contextOf('/', 'STOPPED')] }],
    { balancer: { waitMs: 5_000 }, timeouts: { bodyMs: 200 } },
  )
  const client = await RawClient.connect(t, port)
  client.send(`${request('POST', '/echo', 'Content-Length: 10')}01234`)
  await new Promise((resolve) => setTimeout(resolve, 600))
  proxy.apply([{ kind: 'contexts', id: 1, contexts: [contextOf('/')] }])
  client.send('56789')
  assert.equal((await client.answer())?.status, 200)
})

test('an answer that ends while the proxy drains ends its connection', async (t) => {
  const origin = await startOrigin(t)
  const { port, proxy } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  client.send(get('/slow?pieces=5&ms=40'))
  await until('the answer has begun', () => client.text.includes('piece'))
  const from = performance.now()
  await proxy.drain(5_000)
  assert.ok(performance.now() - from < 3_000, 'the drain waited for its deadline')
  assert.equal((await client.answer())?.body.toString(), 'piece'.repeat(5))
})

test('a 204 leaves without framing, even if the node sent it as chunked', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  const answer = await client.ask(
    get(raw('HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n')),
  )
  assert.equal(answer.status, 204)
  assert.equal(answer.get('transfer-encoding'), undefined)
})

test('Max-Forwards stays a number, or is refused', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  for (const value of ['99999999999999999999999', '1e3', '0x10', 'x', '7']) {
    origin.seen.length = 0
    const answer = await client.ask(request('OPTIONS', '/echo', `Max-Forwards: ${value}`))
    if (answer.status === 400) return
    assert.match(origin.seen[0]!.get('max-forwards') ?? '', /^\d+$/)
  }
})

test('MCMP messages are refused on the traffic listener, in upper and lower case', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }])
  const client = await RawClient.connect(t, port)
  for (const method of ['CONFIG', 'ENABLE-APP', 'Status', 'info', 'DUMP', 'PING']) {
    assert.equal((await client.ask(request(method, '/'))).status, 501)
  }
  assert.equal((await client.ask(request('PROPFIND', '/echo'))).status, 200)
  assert.equal(origin.seen.length, 1)
})
