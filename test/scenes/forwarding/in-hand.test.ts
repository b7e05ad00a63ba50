// Requests in hand at a node, as byRoom counts them: each way in which a request ends takes it out of the list, and
// only those that say something about the node count as answers or errors.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Given, type RunningProxy, startProxy } from '../../support/cluster-fixture.ts'
import { cutAt, type Origin, raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function cluster(t: TestContext, given: Given = {}): Promise<RunningProxy & { a: Origin }> {
  const a = await startOrigin(t)
  return { ...(await startProxy(t, [{ port: a.port }], given)), a }
}

/** In hand, long, and whether anything counted as an answer or as an error. */
function seen({ live }: RunningProxy, id = 1): readonly [number, number, boolean, boolean] {
  const { room } = live(id)
  return [room.inHand, room.long, room.answers > 0, room.errors.at(performance.now()) > 0]
}

const nothing = [0, 0, false, false]
const answered = [0, 0, true, false]
const failed = [0, 0, false, true]

test('a request is in hand until its answer is complete', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  client.send(get(raw(ok.slice(0, -1), '&then=stall')))
  await until('the head has come', () => client.text.includes('\r\n\r\n'))
  assert.deepEqual(seen(proxy), [1, 0, false, false])
  client.reset()
  await until('it is over', () => proxy.live(1).inFlight === 0)
  assert.deepEqual(seen(proxy), nothing)
})

for (const method of ['GET', 'HEAD', 'POST'])
  test(`an answer to ${method} counts`, async (t) => {
    const proxy = await cluster(t)
    const client = await RawClient.connect(t, proxy.port)
    client.send(get('/echo').replace('GET', method))
    assert.equal((await client.answer(method === 'HEAD'))?.status, 200)
    assert.deepEqual(seen(proxy), answered)
  })

test('an answer that ends with its connection counts', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  client.send(get(raw('HTTP/1.1 200 OK\r\n\r\nok', '&then=fin')))
  assert.equal((await client.answer())?.status, 200)
  await until('it is over', () => proxy.live(1).inFlight === 0)
  assert.deepEqual(seen(proxy), answered)
})

for (const status of [404, 500, 503])
  test(`a ${status} counts as ${status < 500 ? 'an answer' : 'an error'}`, async (t) => {
    const proxy = await cluster(t)
    const client = await RawClient.connect(t, proxy.port)
    client.send(get(raw(ok.replace('200 OK', `${status} No`))))
    assert.equal((await client.answer())?.status, status)
    assert.deepEqual(seen(proxy), status < 500 ? answered : failed)
  })

test('an answer that is cut counts as an error', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  client.send(get(cutAt(ok, ok.length - 1, 'fin')))
  assert.equal(await client.answer(), undefined)
  assert.deepEqual(seen(proxy), failed)
})

test('bytes that are no response count as an error', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  client.send(get(raw('nonsense\r\n\r\n')))
  assert.equal((await client.answer())?.status, 502)
  assert.deepEqual(seen(proxy), failed)
})

test('no answer in time counts as an error', async (t) => {
  const proxy = await cluster(t, { timeouts: { responseHeadMs: 50 } })
  const client = await RawClient.connect(t, proxy.port)
  client.send(get(raw('', '&then=stall')))
  assert.equal((await client.answer())?.status, 504)
  assert.deepEqual(seen(proxy), failed)
})

test('a client that leaves, before or after the head, does not change the figures of the node', async (t) => {
  const proxy = await cluster(t)
  for (const target of [raw('', '&then=stall'), raw(ok.slice(0, -1), '&then=stall')]) {
    const client = await RawClient.connect(t, proxy.port)
    client.send(get(target))
    await until('it is in hand', () => proxy.live(1).room.inHand === 1)
    client.reset()
    await until('it is over', () => proxy.live(1).inFlight === 0)
    assert.deepEqual(seen(proxy), nothing)
  }
})

test('a malformed request body does not change the figures of the node', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  const head = 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
  client.send(`${head}2\r\nok\r\n`)
  await until('it is in hand', () => proxy.live(1).room.inHand === 1)
  client.send('nonsense\r\n')
  assert.equal((await client.answer())?.status, 400)
  assert.deepEqual(seen(proxy), nothing)
})

test('an upgraded connection is a long one at once, and is over with the tunnel', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  client.send('GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  await until('it is switched', () => client.text.startsWith('HTTP/1.1 101'))
  assert.deepEqual(seen(proxy), [0, 1, false, false])
  client.socket.destroy()
  await until('it is over', () => proxy.live(1).inFlight === 0)
  assert.deepEqual(seen(proxy), nothing)
})

test('a retry counts at the node that is asked next', async (t) => {
  const dead = await startOrigin(t)
  dead.close()
  const alive = await startOrigin(t)
  const proxy = await startProxy(t, [{ port: dead.port }, { port: alive.port }])
  const client = await RawClient.connect(t, proxy.port)
  // Chance decides which node is asked first.
  await until('the dead one was asked', async () => {
    assert.equal((await client.ask(get('/echo'))).status, 200)
    return proxy.live(1).failures > 0
  })
  assert.deepEqual(seen(proxy, 1), failed)
  assert.deepEqual(seen(proxy, 2), answered)
})

test('a reused connection that its node has closed does not change the figures of the node', async (t) => {
  const proxy = await cluster(t)
  const client = await RawClient.connect(t, proxy.port)
  await client.ask(get('/echo'))
  client.send('GET /die?times=1&by=fin HTTP/1.1\r\nHost: a\r\nX-Id: 1\r\n\r\n')
  assert.equal((await client.answer())?.status, 200)
  assert.equal(proxy.live(1).failures, 1)
  assert.deepEqual(seen(proxy), answered)
})

test('explaining and refusing begin nothing', async (t) => {
  const proxy = await cluster(t)
  const question = { target: '/', host: 'a', cookie: '', client: '127.0.0.1' }
  assert.equal(proxy.proxy.explain(question).node, 'n1')
  const client = await RawClient.connect(t, proxy.port)
  client.send('GET / HTTP/1.1\r\n\r\n')
  assert.equal((await client.answer())?.status, 400)
  assert.deepEqual(seen(proxy), nothing)
})

test('nodes of a balancer share the usual time, and keep it when nodes come and go', async (t) => {
  const { live, apply, port } = await startProxy(t, [
    { port: (await startOrigin(t)).port },
    { port: (await startOrigin(t)).port },
  ])
  const client = await RawClient.connect(t, port)
  await client.ask(get('/echo'))
  const { usual } = live(1).room
  assert.ok(usual.ms > 0)
  assert.equal(live(2).room.usual, usual)
  apply([{ kind: 'gone', id: 2 }])
  assert.equal(live(1).room.usual, usual)
})
