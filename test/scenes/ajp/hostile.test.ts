// Containers that misbehave, connections that die, and deadlines: what the client sees, what is sent
// again, and that nothing of one request gets into another.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { cutAjpAt, rawAjp, startAjpOrigin } from '../../support/ajp-origin.ts'
import {
  answerOf,
  cpong,
  endResponse,
  getBodyChunk,
  sendBody,
  sendHeaders,
} from '../../support/ajp-packets.ts'
import { type Given, type NodeGiven, startProxy } from '../../support/cluster-fixture.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

async function one(t: TestContext, options: Given = {}, node: NodeGiven = {}) {
  const origin = await startAjpOrigin(t)
  const nodes = [{ type: 'ajp', port: origin.port, ...node }]
  const running = await startProxy(t, nodes, { retryBudget: 1, ...options })
  const client = await RawClient.connect(t, running.port)
  return { origin, client, ...running }
}

async function two(t: TestContext, options: Given = {}) {
  const [a, b] = [await startAjpOrigin(t), await startAjpOrigin(t)]
  const nodes = [a, b].map(({ port }) => ({ type: 'ajp', port }))
  const running = await startProxy(t, nodes, options)
  const client = await RawClient.connect(t, running.port)
  return { a, b, client, ...running }
}

const bytes = (...values: number[]): Buffer => Buffer.from(values)
const head = sendHeaders(200)

/** A packet with another length than it has. */
function withLength(packet: Buffer, length: number): Buffer {
  const changed = Buffer.from(packet)
  changed.writeUInt16BE(length, 2)
  return changed
}

describe('an answer that is none', () => {
  const answers: readonly (readonly [string, Buffer])[] = [
    ['HTTP', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')],
    ['an empty packet', bytes(0x41, 0x42, 0, 0)],
    ['an unknown kind', bytes(0x41, 0x42, 0, 1, 7)],
    ['a body before its head', sendBody('early')],
    ['an end before its head', endResponse()],
    ['a pong', cpong],
    ['a head that is longer than its fields', withLength(sendHeaders(200), 12)],
    ['a head that is shorter than its fields', withLength(sendHeaders(200), 9)],
    ['a status below 200', sendHeaders(101, [['Upgrade', 'websocket']])],
    ['an interim answer', sendHeaders(100)],
    ['a status of four digits', sendHeaders(1_000)],
    ['a field with a line break', sendHeaders(200, [['X-A', 'b\r\nX-C: d']])],
    ['a field name with a space', sendHeaders(200, [['X A', 'b']])],
    ['a field without a name', sendHeaders(200, [['', 'b']])],
    ['a disguised Content-Length', sendHeaders(200, [["'Content-Length", '5']])],
    ['a reason with a line break', sendHeaders(200, [], 'OK\r\nX-A: b')],
    ['a length that is none', sendHeaders(200, [['Content-Length', '+5']])],
    ['an empty length', sendHeaders(200, [['Content-Length', '']])],
    ['more questions than a body has pieces', Buffer.concat(Array(40).fill(getBodyChunk()))],
    ['a question of the wrong length', bytes(0x41, 0x42, 0, 2, 6, 0)],
    [
      'two lengths',
      sendHeaders(200, [
        ['Content-Length', '5'],
        ['Content-Length', '6'],
      ]),
    ],
  ]
  for (const [name, answer] of answers) {
    test(`${name} is a 502, and the next request is not touched by it`, async (t) => {
      const { client, origin, live } = await one(t, { timeouts: { responseHeadMs: 2_000 } })
      const first = await client.ask(get(rawAjp(Buffer.concat([answer, answerOf('hidden')]))))
      assert.equal(first.status, 502)
      const second = await client.ask(get('/echo'))
      assert.deepEqual([second.status, second.body.length], [200, 0])
      assert.equal(origin.accepted(), 2)
      assert.deepEqual([live(1).inFlight, live(1).health.kind], [0, 'up'])
    })
  }

  const cuts: readonly (readonly [string, Buffer])[] = [
    ['a second head', sendHeaders(200)],
    ['an end of the wrong length', bytes(0x41, 0x42, 0, 3, 5, 1, 0)],
    ['a piece longer than its packet', withLength(sendBody('12345'), 5)],
    ['a piece shorter than its packet', withLength(sendBody('12345'), 12)],
    ['a piece that does not end in zero', bytes(0x41, 0x42, 0, 5, 3, 0, 1, 0x61, 0x62)],
    ['garbage', Buffer.from('garbage in the middle of an answer')],
  ]
  for (const [name, rest] of cuts) {
    test(`${name} behind a good head cuts the answer visibly`, async (t) => {
      const { client, origin, live } = await one(t)
      client.send(get('/stall'))
      await until('the request is there', () => origin.seen.length === 1)
      const [socket] = origin.open
      socket?.write(Buffer.concat([head, sendBody('begun')]))
      await until('the head has left', () => client.text.includes('begun'))
      socket?.write(Buffer.concat([rest, endResponse()]))
      await client.over()
      assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/)
      assert.equal(live(1).inFlight, 0)
    })
  }

  test('a body that is shorter than its length is no answer', async (t) => {
    const { client } = await one(t)
    const short = sendHeaders(200, [['Content-Length', '9']])
    const whole = Buffer.concat([short, sendBody('short'), endResponse()])
    assert.equal((await client.ask(get(rawAjp(whole)))).status, 502)
  })

  test('a body that is longer than its length, or where there is none, is left out', async (t) => {
    const { client, origin } = await one(t)
    const known = sendHeaders(200, [['Content-Length', '2']])
    const long = Buffer.concat([known, sendBody('ok and more'), endResponse()])
    assert.equal((await client.ask(get(rawAjp(long)))).body.toString(), 'ok')
    assert.equal((await client.ask(request('HEAD', rawAjp(answerOf('unasked'))))).status, 200)
    assert.equal((await client.ask(get(rawAjp(answerOf('unasked', 204))))).status, 204)
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(origin.accepted(), 4, 'none of these connections was used again')
  })

  test('two answers are one, and the connection is not used again', async (t) => {
    const { client, origin } = await one(t)
    const twice = Buffer.concat([answerOf('first'), answerOf('second')])
    assert.equal((await client.ask(get(rawAjp(twice)))).body.toString(), 'first')
    assert.equal((await client.ask(get('/echo'))).body.toString(), '')
    assert.equal(origin.accepted(), 2)
  })

  test('questions without end are answered so often and no more', async (t) => {
    const { client, origin } = await one(t)
    const answer = await client.ask(post('/asks?times=10000', 'body'))
    assert.equal(answer.status, 502)
    await until('the connection is gone', () => origin.open.size === 0)
  })
})

test('an answer cut at any byte is a 502 or visibly cut, never complete', async (t) => {
  const { origin, port, live } = await one(t)
  const known = sendHeaders(200, [['Content-Length', '5']])
  const answers = [answerOf('whole'), Buffer.concat([known, sendBody('whole'), endResponse()])]
  for (const answer of answers) {
    for (let at = 0; at < answer.length; at++) {
      const client = await RawClient.connect(t, port)
      client.send(post(cutAjpAt(answer, at, at % 2 === 0 ? 'fin' : 'rst'), ''))
      const got = await client.answer().catch(() => undefined)
      // A body of known length is whole before its end is said.
      const isWhole = answer === answers[1] && got?.status === 200
      if (isWhole) assert.ok(answer.subarray(0, at).includes('whole'), `at ${at}`)
      else assert.ok(got === undefined || got.status === 502, `at ${at}: ${client.text}`)
      client.socket.destroy()
      if (live(1).health.kind !== 'up') live(1).health = { kind: 'up' }
    }
  }
  assert.equal(live(1).inFlight, 0)
  await until('no connection is left', () => origin.open.size === 0)
})

test('an answer in single bytes is the same answer', async (t) => {
  const { client, origin } = await one(t)
  client.send(get('/stall'))
  await until('the request is there', () => origin.seen.length === 1)
  const [socket] = origin.open
  for (const byte of answerOf('drip')) {
    socket?.write(bytes(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal((await client.answer())?.body.toString(), 'drip')
})

describe('a connection that dies before the answer', () => {
  for (const by of ['fin', 'rst']) {
    test(`an idempotent request is sent once more, to another node (${by})`, async (t) => {
      const { a, b, client, proxy } = await two(t)
      assert.equal((await client.ask(get(`/die?by=${by}&times=1`, 'X-Id: g'))).status, 502)
      assert.deepEqual([a.executions('g'), b.executions('g')], [1, 1])
      assert.equal(proxy.counters.retries, 1)
    })

    test(`a POST is never sent twice (${by})`, async (t) => {
      const { a, b, client } = await two(t)
      assert.equal((await client.ask(post(`/die?by=${by}`, 'pay', 'X-Id: p'))).status, 502)
      assert.equal(a.executions('p') + b.executions('p'), 1)
    })
  }

  test('costs that request, not the node', async (t) => {
    const { client, live } = await one(t, { balancer: { maxAttempts: 0 } })
    assert.equal((await client.ask(get('/die?by=fin', 'X-Id: a'))).status, 502)
    assert.equal(live(1).health.kind, 'suspect')
    assert.equal((await client.ask(get('/echo'))).status, 200)
    assert.equal(live(1).health.kind, 'up')
  })

  test('a request with its body is sent again from one kind of node to the other', async (t) => {
    const dead = await startAjpOrigin(t)
    const origin = await startAjpOrigin(t)
    const nodes = [
      { type: 'http', port: dead.port },
      { type: 'ajp', port: origin.port },
    ]
    const { port } = await startProxy(t, nodes)
    dead.close()
    const client = await RawClient.connect(t, port)
    for (let i = 0; i < 3; i++) {
      const body = `body ${i} `.repeat(2_000)
      assert.equal((await client.ask(post('/echo?length', body))).body.toString(), body)
    }
  })
})

describe('a connection that has waited', () => {
  test('is asked whether it is alive before it gets a request', async (t) => {
    const { client, origin } = await one(t)
    for (let i = 0; i < 3; i++) assert.equal((await client.ask(post('/echo', 'x'))).status, 200)
    assert.deepEqual([origin.pings, origin.accepted()], [2, 1])
  })

  test('is not asked when the node has no ping', async (t) => {
    const { client, origin } = await one(t, {}, { pingMs: 0 })
    for (let i = 0; i < 3; i++) assert.equal((await client.ask(post('/echo', 'x'))).status, 200)
    assert.deepEqual([origin.pings, origin.accepted()], [0, 1])
  })

  for (const pong of ['never', 'end', 'garbage'] as const) {
    test(`and does not answer CPING (${pong}) is replaced, even for a POST`, async (t) => {
      const { client, origin, live } = await one(t, {}, { pingMs: 200 })
      await client.ask(get('/echo'))
      origin.pong = pong
      const answer = await client.ask(post('/echo', 'pay', 'X-Id: p'))
      assert.equal(answer.body.toString(), 'pay')
      assert.deepEqual([origin.executions('p'), origin.accepted(), origin.pings], [1, 2, 1])
      assert.deepEqual([live(1).health.kind, live(1).inFlight], ['up', 0])
      await until('the old one is gone', () => origin.open.size === 1)
    })
  }

  test('and answers too late is gone by then', async (t) => {
    const { client, origin } = await one(t, {}, { pingMs: 1_000 })
    await client.ask(get('/echo'))
    const [old] = origin.open
    origin.pong = 'never'
    assert.equal((await client.ask(post('/echo', 'one'))).body.toString(), 'one')
    old?.write(cpong)
    origin.pong = 'now'
    assert.equal((await client.ask(post('/echo', 'two'))).body.toString(), 'two')
    assert.equal(origin.accepted(), 2)
  })

  test('and sends an unsolicited packet is not used', async (t) => {
    const { client, origin } = await one(t)
    await client.ask(get('/echo'))
    for (const socket of origin.open) socket.write(answerOf('poison'))
    await until('it was dropped', () => origin.open.size === 0)
    assert.equal((await client.ask(get('/echo'))).body.toString(), '')
  })
})

describe('the container is too slow', () => {
  test('to answer: 504', async (t) => {
    const { client, live } = await one(t, { timeouts: { responseHeadMs: 250 } })
    assert.equal((await client.ask(get('/stall'))).status, 504)
    assert.equal(live(1).inFlight, 0)
  })

  test('to go on: the answer is cut', async (t) => {
    const { client } = await one(t, { timeouts: { responseBodyMs: 250 } })
    const begun = Buffer.concat([sendHeaders(200), sendBody('begun')])
    client.send(get(rawAjp(begun)))
    await client.over()
    assert.match(client.text, /begun/)
    assert.doesNotMatch(client.text, /\r\n0\r\n\r\n$/)
  })

  test('to ask for more of a body: 504', async (t) => {
    const { client } = await one(t, { timeouts: { responseHeadMs: 250 } })
    client.send(request('POST', '/stall', 'Content-Length: 900000'))
    client.send(Buffer.alloc(900_000, 'x'))
    assert.equal((await client.answer())?.status, 504)
  })

  test('to say that an answer has ended: its connection is given up', async (t) => {
    const { client, origin } = await one(t)
    const whole = Buffer.concat([sendHeaders(200, [['Content-Length', '2']]), sendBody('ok')])
    assert.equal((await client.ask(get(rawAjp(whole)))).body.toString(), 'ok')
    await until('it is gone', () => origin.open.size === 0)
  })
})

test('a request waits for a container (WaitWorker), and gets there whole', async (t) => {
  const origin = await startAjpOrigin(t)
  const node = { type: 'ajp', port: origin.port, factor: -1 }
  const { port, apply } = await startProxy(t, [node], { balancer: { waitMs: 5_000 } })
  const client = await RawClient.connect(t, port)
  const body = 'waits '.repeat(3_000)
  client.send(post('/echo', body))
  await new Promise((resolve) => setTimeout(resolve, 150))
  assert.equal(origin.seen.length, 0)
  apply([{ kind: 'load', id: 1, factor: 50 }])
  assert.equal((await client.answer())?.body.toString(), body)
})

test('a client that goes away ends the request at the container', async (t) => {
  const { client, origin, live } = await one(t)
  client.send(get('/stall'))
  await until('the request is there', () => origin.seen.length === 1)
  client.reset()
  await until('the container is told', () => origin.open.size === 0)
  assert.equal(live(1).inFlight, 0)
})
