// Every wait has a deadline: each is made short here and reached.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { startProxy } from '../../support/cluster-fixture.ts'
import { raw, startOrigin } from '../../support/misbehaving-origin.ts'
import { get, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

const short = 250

async function one(t: TestContext, timeouts: object, node: object = {}) {
  const origin = await startOrigin(t)
  const running = await startProxy(t, [{ port: origin.port, ...node }], { timeouts })
  const client = await RawClient.connect(t, running.port)
  return { origin, client, from: performance.now(), ...running }
}

/** Not before its time, and at most two ticks (and a busy machine) later. */
function assertInTime(from: number): void {
  const took = performance.now() - from
  assert.ok(took > short * 0.5 && took < short + 1_000, `took ${took} ms`)
}

describe('the client is too slow', () => {
  test('in sending its head: 408, then the connection closes', async (t) => {
    const { client, from, origin } = await one(t, { headMs: short })
    client.send('GET / HT')
    assert.equal((await client.answer())?.status, 408)
    await client.over()
    assertInTime(from)
    assert.equal(origin.accepted(), 0)
  })

  test('in sending its head, even with a byte now and then', async (t) => {
    const { client, from } = await one(t, { headMs: short })
    const timer = setInterval(() => client.send('x'), 30)
    t.after(() => clearInterval(timer))
    client.send('GET /')
    assert.equal((await client.answer())?.status, 408)
    assertInTime(from)
  })

  test('in sending its first request: the connection closes without a response', async (t) => {
    const { client, from } = await one(t, { headMs: short })
    await client.over()
    assertInTime(from)
    assert.equal(client.text, '')
  })

  test('in sending its next request', async (t) => {
    const { client } = await one(t, { idleMs: short })
    await client.ask(get('/echo'))
    const from = performance.now()
    await client.over()
    assertInTime(from)
  })

  test("in sending its body: 408, and the node's connection closes", async (t) => {
    const { client, from, live, origin } = await one(t, { bodyMs: short })
    client.send(`${request('POST', '/echo', 'Content-Length: 9')}abc`)
    assert.equal((await client.answer())?.status, 408)
    assertInTime(from)
    assert.equal(live(1).inFlight, 0)
    await until('the node connection is gone', () => origin.open.size === 0)
  })

  for (const [what, more] of [
    ['a byte now and then', {}],
    ['chunks of a byte now and then', { isChunked: true }],
    ['a byte now and then behind much at once', { first: 60_000 }],
  ] as const) {
    test(`in sending its body, with ${what}: 408`, async (t) => {
      const { isChunked = false, first = 0 } = { isChunked: false, first: 0, ...more }
      const { client, from, origin, live } = await one(t, { bodyMs: short })
      const framing = isChunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 99999'
      client.send(request('POST', '/echo', framing) + 'x'.repeat(first))
      const timer = setInterval(() => client.send(isChunked ? '1\r\nx\r\n' : 'x'), 30)
      t.after(() => clearInterval(timer))
      assert.equal((await client.answer())?.status, 408)
      assertInTime(from)
      assert.equal(live(1).inFlight, 0)
      await until('the node connection is gone', () => origin.open.size === 0)
    })
  }

  test('in sending all of its body: 408, however steadily it sends', async (t) => {
    const { client, from } = await one(t, { requestMs: short })
    client.send(request('POST', '/echo', 'Content-Length: 9999999'))
    const timer = setInterval(() => client.send('x'.repeat(1_000)), 30)
    t.after(() => clearInterval(timer))
    assert.equal((await client.answer())?.status, 408)
    assertInTime(from)
  })

  test('is none that sends its body at the least rate, however long that takes', async (t) => {
    const { client } = await one(t, { bodyMs: 2 * short })
    client.send(request('POST', '/echo', 'Content-Length: 1500'))
    for (let sent = 0; sent < 15; sent++) {
      client.send('x'.repeat(100))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.equal((await client.answer())?.status, 200)
  })

  test('in reading its response', async (t) => {
    const { client, live, proxy } = await one(t, { sendMs: short })
    client.socket.pause()
    client.send(get('/big?bytes=50000000'))
    await until('the answer is under way', () => live(1).bytesRead > 100_000)
    await until('the proxy has given up', () => proxy.connections === 0)
    assert.equal(live(1).inFlight, 0)
  })

  test('in closing after the last response of a connection', async (t) => {
    const { client, proxy } = await one(t, { lingerMs: short })
    const from = performance.now()
    assert.equal((await client.ask('GET / HTTP/9.9\r\n\r\n')).status, 505)
    await until('the proxy has cut it', () => proxy.connections === 0)
    assertInTime(from)
  })
})

describe('the node is too slow', () => {
  test('in responding: 504', async (t) => {
    const { client, from, live } = await one(t, { responseHeadMs: short })
    assert.equal((await client.ask(get(raw('')))).status, 504)
    assertInTime(from)
    assert.equal(live(1).inFlight, 0)
    assert.equal((await client.ask(get('/echo'))).status, 200)
  })

  test('in responding within its own Timeout', async (t) => {
    const { client, from } = await one(t, {}, { timeoutMs: short })
    assert.equal((await client.ask(get(raw('')))).status, 504)
    assertInTime(from)
  })

  test('in responding, but not while the client is slow to send the rest of its body', async (t) => {
    for (const node of [{}, { timeoutMs: short }]) {
      const { client, live } = await one(t, { responseHeadMs: short, responseBodyMs: short }, node)
      client.send(`${request('POST', '/echo', 'Content-Length: 9')}abc`)
      await new Promise((resolve) => setTimeout(resolve, 6 * short))
      client.send('def')
      await new Promise((resolve) => setTimeout(resolve, 6 * short))
      assert.deepEqual([live(1).failures, live(1).health.kind], [0, 'up'])
      client.send('ghi')
      assert.equal((await client.answer())?.body.toString(), 'abcdefghi')
    }
  })

  test('in responding to a complete body, or to a client that expects a 100 (Continue)', async (t) => {
    for (const [field, body] of [
      ['Content-Length: 3', 'abc'],
      ['Content-Length: 3\r\nExpect: 100-continue', ''],
    ] as const) {
      const { client, from } = await one(t, { responseHeadMs: short })
      client.send(request('POST', raw(''), field) + body)
      assert.equal((await client.answer())?.status, 504)
      assertInTime(from)
    }
  })

  test('in completing the head of its response', async (t) => {
    const { client, from } = await one(t, { responseHeadMs: short, responseBodyMs: short })
    assert.equal((await client.ask(get(raw('HTTP/1.1 200 OK\r\nA: b')))).status, 504)
    assertInTime(from)
  })

  test('in continuing its response, which is cut visibly', async (t) => {
    const { client, from, proxy } = await one(t, { responseBodyMs: short })
    client.send(get(raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')))
    assert.equal(await client.answer(), undefined)
    assertInTime(from)
    assert.equal(proxy.counters.cut, 1)
  })

  test('in accepting a connection', async (t) => {
    // TEST-NET-1 [RFC 5737]: packets to it vanish, or this machine says at once that there is no way.
    const nowhere = { host: '192.0.2.1', port: 9 }
    for (const [timeouts, node] of [
      [{ connectMs: short }, nowhere],
      [{ connectMs: 60_000 }, { ...nowhere, pingMs: short }],
    ] as const) {
      const { client, from } = await one(t, timeouts, node)
      const answer = await client.ask(get('/'))
      assert.ok(answer.status === 502 || answer.status === 503, answer.line)
      assert.ok(performance.now() - from < short + 1_000)
    }
  })
})

test('a tunnel without any bytes closes on both sides', async (t) => {
  const { client, origin, live, proxy } = await one(t, { tunnelMs: short })
  client.send(request('GET', '/tunnel', 'Connection: Upgrade', 'Upgrade: echo'))
  assert.equal((await client.answer())?.status, 101)
  await client.over()
  client.socket.destroy()
  await until('nothing is left of it', () => origin.open.size === 0 && proxy.connections === 0)
  assert.equal(live(1).inFlight, 0)
})

test('an idle connection to a node is closed at its timeout', async (t) => {
  const origin = await startOrigin(t)
  const { port } = await startProxy(t, [{ port: origin.port }], { poolIdleMs: short })
  const client = await RawClient.connect(t, port)
  await client.ask(get('/echo'))
  assert.equal(origin.open.size, 1)
  await until('it is closed', () => origin.open.size === 0)
  assert.equal((await client.ask(get('/echo'))).status, 200)
})
