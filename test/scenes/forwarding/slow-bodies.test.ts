// Masses of requests whose bodies arrive slowly or not at all: they hold no connection to a node before their bodies
// have begun and a moment has passed, half of these connections at most after that, and nobody else waits for them.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { heldLimits, httpLimits } from '../../../src/base/limits.ts'
import { startAjpOrigin } from '../../support/ajp-origin.ts'
import { type Given, startProxy } from '../../support/cluster-fixture.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

async function start(t: TestContext, given: Given = {}) {
  const origin = await startOrigin(t)
  const log = memoryLog()
  const running = await startProxy(t, [{ port: origin.port }], { log, ...given })
  const connect = (localAddress?: string): Promise<RawClient> =>
    RawClient.connect(t, running.port, undefined, localAddress)
  return { ...running, origin, log, connect }
}

const length = 'Content-Length: 1000'
const chunked = 'Transfer-Encoding: chunked'

describe('a node connection is leased', () => {
  for (const framing of [length, chunked]) {
    test(`when the body begins, and not before: ${framing}`, async (t) => {
      const { connect, origin, live } = await start(t)
      const client = await connect()
      client.send(request('POST', '/echo', framing))
      assert.equal((await (await connect()).ask(get('/echo'))).status, 200)
      assert.deepEqual([origin.accepted(), origin.seen.length, live(1).inFlight], [1, 1, 0])
      const body = 'x'.repeat(1_000)
      client.send(framing === length ? body : `3e8\r\n${body}\r\n0\r\n\r\n`)
      const answer = await client.answer()
      assert.equal(answer?.status, 200)
      assert.equal(answer.body.toString(), body)
    })
  }

  test('with the first piece, and the rest of a long body follows', async (t) => {
    const { connect, live } = await start(t)
    const client = await connect()
    client.send(request('PUT', '/echo', 'Content-Length: 3000000'))
    client.send('a')
    await until('the node has the request', () => live(1).inFlight === 1)
    client.send('b'.repeat(2_999_999))
    const answer = await client.answer()
    assert.equal(answer?.body.length, 3_000_000)
    assert.equal(answer.body.toString('latin1', 0, 3), 'abb')
  })

  test('at once where the client waits for a 100 (Continue)', async (t) => {
    const { connect, live } = await start(t)
    const client = await connect()
    client.send(request('POST', '/echo', length, 'Expect: 100-continue'))
    await until('the node has the request', () => live(1).inFlight === 1)
  })

  test('over AJP, too', async (t) => {
    const origin = await startAjpOrigin(t)
    const { port, live } = await startProxy(t, [{ port: origin.port, type: 'ajp' }])
    const client = await RawClient.connect(t, port)
    client.send(request('POST', '/echo', 'Content-Length: 5'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(live(1).inFlight, 0)
    client.send('hello')
    assert.equal((await client.answer())?.status, 200)
  })
})

describe('a request of whose body little has arrived', () => {
  for (const [what, head, first] of [
    ['a length', request('POST', '/echo', 'Content-Length: 10'), 'x'],
    ['a great length', request('POST', '/echo', 'Content-Length: 100000'), 'x'],
    ['chunks', request('POST', '/echo', chunked), '1\r\nx'],
  ] as const) {
    test(`costs no connection to a node when its client leaves: ${what}`, async (t) => {
      const { connect, origin, proxy } = await start(t)
      const many = await Promise.all(Array.from({ length: 50 }, () => connect()))
      for (const client of many) client.socket.end(head + first)
      await until('all have been there', () => proxy.counters.requests === 50)
      await until('all have left', () => proxy.connections === 0)
      assert.equal((await (await connect()).ask(get('/echo'))).status, 200)
      assert.equal(origin.accepted(), 1)
    })
  }

  test('goes to its node after a moment, or when the body is complete or long', async (t) => {
    const { connect, live } = await start(t)
    const begin = async (size: number, first: string): Promise<number> => {
      const client = await connect()
      const { elected } = live(1)
      const from = performance.now()
      client.send(request('POST', '/echo', `Content-Length: ${size}`) + first)
      await until('a node is asked', () => live(1).elected > elected)
      return performance.now() - from
    }
    await begin(2, 'ab')
    assert.ok((await begin(2, 'a')) > heldLimits.beginMs - 5)
    const times = []
    for (let i = 0; i < 5; i++) {
      times.push(await begin(2, 'ab'), await begin(9_999, 'a'.repeat(heldLimits.progressBytes)))
    }
    assert.ok(Math.min(...times) < heldLimits.beginMs, times.join(' '))
  })
})

describe('a request whose body has not begun', () => {
  test('is refused at once where no context matches, and where no node can take it', async (t) => {
    const { connect, live } = await start(t)
    live(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'test' }
    const client = await connect()
    client.send(request('POST', '/echo', length))
    assert.equal((await client.answer())?.status, 503)
  })

  test('waits for a usable node when the body has begun, not before', async (t) => {
    const { connect, live } = await start(t, { balancer: { waitMs: 20_000 } })
    live(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'test' }
    const many = await Promise.all(Array.from({ length: 30 }, () => connect()))
    for (const client of many) client.send(request('POST', '/echo', length))
    const [first] = many
    first?.send('x'.repeat(1_000))
    live(1).health = { kind: 'up' }
    assert.equal((await first?.answer())?.status, 200)
  })

  test('is answered 408 after its time, and its client may leave before', async (t) => {
    const { connect, proxy, origin } = await start(t, { timeouts: { bodyMs: 250 } })
    const [slow, gone, ended] = [await connect(), await connect(), await connect()]
    for (const client of [slow, gone, ended]) client.send(request('POST', '/echo', length))
    await until('all have arrived', () => proxy.counters.requests === 3)
    gone.reset()
    ended.socket.end()
    assert.equal((await slow.answer())?.status, 408)
    await until('no connection is left', () => proxy.connections <= 1)
    assert.equal(origin.accepted(), 0)
    assert.equal(proxy.counters.refusedFor.get('CLIENT_TIMEOUT'), 1)
  })

  test('is refused when its chunks are malformed, and reaches no node', async (t) => {
    const { connect, origin } = await start(t)
    const client = await connect()
    client.send(request('POST', '/echo', chunked))
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.send('nonsense\r\n')
    assert.equal((await client.answer())?.status, 400)
    assert.equal(origin.accepted(), 0)
  })

  test('may be followed by another in the same bytes', async (t) => {
    const { connect } = await start(t)
    const client = await connect()
    client.send(request('POST', '/echo', 'Content-Length: 3'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.send(`abc${post('/echo', 'second')}${get('/echo')}`)
    assert.equal((await client.answer())?.body.toString(), 'abc')
    assert.equal((await client.answer())?.body.toString(), 'second')
    assert.equal((await client.answer())?.status, 200)
  })
})

const skip = process.platform === 'linux' ? false : 'needs a second loopback address'

describe('beside slow bodies', { skip }, () => {
  /** Room for 20 clients and 20 connections to nodes, 10 of them for uploads. */
  const openFiles = httpLimits.openFilesReserve + 40

  for (const [what, head, first] of [
    ['that have begun', request('POST', '/echo', length), 'x'],
    ['in chunks', request('POST', '/echo', chunked), '1\r\nx\r\n'],
    ['that wait for a 100', request('POST', '/echo', length, 'Expect: 100-continue'), ''],
  ] as const) {
    test(`${what}: others are served, uploads among them`, async (t) => {
      const { connect, live, proxy, log } = await start(t, { openFiles })
      const uploadsMax = 10
      for (let i = 0; i < uploadsMax; i++) {
        const slow = await connect('127.0.0.2')
        slow.send(head + first)
      }
      await until('they are at the node', () => live(1).inFlight === uploadsMax)
      for (let i = 0; i < 5; i++) {
        const client = await connect()
        assert.equal((await client.ask(get('/echo'))).status, 200)
        client.socket.destroy()
      }
      const upload = await connect()
      upload.send(request('POST', '/echo', 'Content-Length: 4'))
      upload.send('ab')
      await until('its head has a node', () => proxy.counters.refusedFor.has('UPLOAD_DISPLACED'))
      upload.send('cd')
      assert.equal((await upload.answer())?.body.toString(), 'abcd')
      assert.equal(proxy.counters.refusedFor.get('UPLOAD_DISPLACED'), 1)
      assert.equal(proxy.counters.refused.get(503), 1)
      const line = log.details[log.messages.indexOf('request not served')]
      assert.deepEqual(line, { status: 503, reason: 'UPLOAD_DISPLACED', client: '127.0.0.2' })
    })
  }

  test('of its own address a further upload is refused until one has stalled', async (t) => {
    const { connect, live, proxy } = await start(t, { openFiles })
    const slow = await Promise.all(Array.from({ length: 10 }, () => connect()))
    for (const client of slow) client.send(`${request('POST', '/echo', length)}x`)
    await until('they are at the node', () => live(1).inFlight === 10)
    const early = await connect()
    early.send(`${request('POST', '/echo', 'Content-Length: 2')}a`)
    assert.equal((await early.answer())?.status, 503)
    assert.equal(proxy.counters.refusedFor.get('UPLOADS_FULL'), 1)
    await new Promise((resolve) => setTimeout(resolve, heldLimits.stalledMs + 100))
    const late = await connect()
    late.send(`${request('POST', '/echo', 'Content-Length: 2')}a`)
    await until('one has left', () => slow.some((client) => client.text.startsWith('HTTP/1.1 503')))
    late.send('b')
    assert.equal((await late.answer())?.body.toString(), 'ab')
  })

  test('an upload that makes progress stays', async (t) => {
    const { connect, live } = await start(t, { openFiles })
    const steady = await connect('127.0.0.2')
    steady.send(request('POST', '/echo', 'Content-Length: 99000'))
    const timer = setInterval(() => steady.send('x'.repeat(3_000)), 100)
    t.after(() => clearInterval(timer))
    for (let i = 0; i < 9; i++) {
      const slow = await connect(`127.0.0.${i + 3}`)
      slow.send(`${request('POST', '/echo', length)}x`)
    }
    await until('they are at the node', () => live(1).inFlight === 10)
    await new Promise((resolve) => setTimeout(resolve, heldLimits.stalledMs + 200))
    for (let i = 0; i < 9; i++) {
      const upload = await connect(`127.0.0.${i + 20}`)
      upload.send(`${request('POST', '/echo', 'Content-Length: 2')}a`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.equal(steady.text, '')
    await until('it has sent all', () => steady.text !== '')
    clearInterval(timer)
    assert.match(steady.text, /^HTTP\/1\.1 200 /)
  })
})
