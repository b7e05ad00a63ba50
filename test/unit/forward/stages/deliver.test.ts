import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt } from '../../../../src/forward/stages/attempt.ts'
import { type Delivery, deliver, deliverEnd } from '../../../../src/forward/stages/deliver.ts'
import {
  dateLine,
  type ExchangeGiven,
  exchangeOf,
  noReceiver,
  prepared,
  requestText,
} from '../../../support/exchange-fixture.ts'

/** An exchange that has sent its request. */
function awaiting(request = requestText('GET / HTTP/1.1'), given: ExchangeGiven = {}) {
  const fixture = exchangeOf(request, given)
  const candidate = prepared(fixture, request)
  attempt(fixture.state, candidate, noReceiver)
  const [connection] = fixture.connections
  assert.ok(connection !== undefined)
  const send = (text: string): Delivery => {
    const bytes = Buffer.from(text, 'latin1')
    return deliver(fixture.state, bytes, bytes.length, noReceiver)
  }
  return { ...fixture, candidate, connection, send }
}

const http10 = 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'

test('a response with a length is complete with its last byte', () => {
  const { send, client, state, candidate } = awaiting()
  assert.equal(send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'), 'more')
  assert.equal(state.response.started, true)
  assert.equal(send('llo'), 'complete')
  assert.equal(client.text, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
  assert.equal(state.response.status, 200)
  assert.equal(state.response.bytesOut, client.text.length + dateLine.length)
  assert.equal(candidate.live.bytesRead, client.text.length)
})

test('a head may arrive in any pieces', () => {
  const text = 'HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n'
  for (let cut = 1; cut < text.length; cut++) {
    const { send, client } = awaiting()
    assert.equal(send(text.slice(0, cut)), 'more')
    assert.equal(client.text, '')
    assert.equal(send(text.slice(cut)), 'complete')
    assert.equal(client.text, text)
  }
})

test('bytes behind a response are reported, with whether it has a body', () => {
  for (const [text, call] of [
    ['HTTP/1.1 204 No Content\r\n\r\nx', 'excess, empty'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx', 'excess, empty'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokx', 'excess'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx', 'excess'],
  ] as const) {
    const { send, connection } = awaiting()
    assert.equal(send(text), 'last')
    assert.deepEqual(connection.calls, [call])
  }
})

test('bytes behind the response make the connection unusable', () => {
  const { send, client } = awaiting()
  assert.equal(send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 '), 'last')
  assert.ok(client.text.endsWith('\r\n\r\nok'))
})

test('a response until the end of the connection becomes chunks, and ends with it', () => {
  const { send, client, state } = awaiting()
  assert.equal(send('HTTP/1.1 200 OK\r\n\r\nhello'), 'more')
  assert.equal(deliverEnd(state), true)
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  assert.equal(client.text, chunked)
  assert.equal(state.response.closes, false)
})

test('for an HTTP/1.0 client chunks are decoded and the connection closes', () => {
  const { send, client, state } = awaiting(http10)
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  assert.equal(send(chunked), 'complete')
  assert.ok(client.text.endsWith('\r\nConnection: close\r\n\r\nhello'), client.text)
  assert.equal(state.response.closes, true)
})

test('a connection that ends within a body leaves it incomplete', () => {
  const { send, state } = awaiting()
  assert.equal(send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'), 'more')
  assert.equal(deliverEnd(state), false)
})

test('a malformed head is malformed, a malformed body behind a good head is broken', () => {
  assert.equal(awaiting().send('HTTP/1.1 2OO OK\r\n\r\n'), 'malformed')
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  assert.equal(awaiting().send(`${chunked}zz\r\n`), 'broken')
  const { send } = awaiting()
  assert.equal(send(chunked), 'more')
  assert.equal(send('zz\r\n'), 'broken')
})

test('interim responses are passed on to HTTP/1.1 clients, up to a limit', () => {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
  const final = 'HTTP/1.1 204 No Content\r\n\r\n'
  const { send, client } = awaiting()
  assert.equal(send(early), 'more')
  assert.equal(client.text, early)
  assert.equal(send(early + final), 'complete')
  assert.equal(client.text, early + early + final)
  const old = awaiting(http10)
  assert.equal(old.send(early + final), 'complete')
  assert.doesNotMatch(old.client.text, /103/)
  assert.equal(awaiting().send(early.repeat(33)), 'malformed')
})

test("the client's connection closes after a response that overtakes its request", () => {
  const { send, state } = awaiting(requestText('POST / HTTP/1.1', 'Content-Length: 9'))
  send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n')
  assert.equal(state.response.closes, true)
})

test('a client that reads slower stops reading from the node, and its own deadline counts', () => {
  const { send, client, connection, state } = awaiting()
  client.isSlow = true
  const { bytes } = state.traffic.buffers.answer
  assert.equal(send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'), 'more')
  assert.deepEqual(connection.calls, ['pause'])
  assert.equal(connection.deadline, Number.POSITIVE_INFINITY)
  assert.equal(state.response.isBlocked, true)
  // The bytes that have not left are not overwritten.
  assert.notEqual(state.traffic.buffers.answer.bytes, bytes)
})

test('each piece of a response moves the deadline of the next one', () => {
  const { send, connection, state, clock } = awaiting(undefined, {
    timeouts: { responseBodyMs: 700 },
  })
  clock.advance(300)
  state.traffic.ticker.tick()
  send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe')
  assert.equal(connection.deadline, 1_000)
})

test('a 101 that the client has asked for becomes a tunnel, with the bytes behind it', () => {
  const request = requestText('GET / HTTP/1.1', 'Connection: Upgrade', 'Upgrade: chat')
  const answer =
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhi'
  const { send, client, state } = awaiting(request)
  assert.equal(send(answer), 'tunnel')
  assert.equal(state.response.started, true)
  assert.ok(client.text.endsWith('\r\n\r\nhi'))
  assert.equal(state.response.status, 101)
  assert.equal(awaiting().send(answer), 'malformed')
  assert.equal(awaiting(request).send(answer.replace('chat', 'other')), 'malformed')
})

test('the load report of a node is not passed on', () => {
  const { send, client } = awaiting()
  const report = 'endpoint-load-metrics: TEXT named_metrics.in_flight=4'
  send(`HTTP/1.1 204 No Content\r\n${report}\r\n\r\n`)
  assert.equal(client.text, 'HTTP/1.1 204 No Content\r\n\r\n')
})

test('Keep-Alive is noted for the first response on a connection', () => {
  const answer = 'HTTP/1.1 204 No Content\r\nKeep-Alive: timeout=5\r\n\r\n'
  const { send, connection } = awaiting()
  send(answer)
  assert.deepEqual(connection.calls, ['keepAlive timeout=5'])
  const reused = awaiting()
  reused.connection.isReused = true
  reused.send(answer)
  assert.deepEqual(reused.connection.calls, [])
})

test('latency is that of good responses, where the cascade reads it', () => {
  for (const [status, candidacy, expected] of [
    ['204 No Content', 'byLatency', 40],
    ['500 Oops', 'byLatency', 0],
    ['204 No Content', 'byBusy', 0],
  ] as const) {
    const { send, clock, candidate } = awaiting(undefined, { candidacy: [candidacy] })
    clock.advance(40)
    send(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
    assert.equal(candidate.live.latency.ms, expected, `${status} ${candidacy}`)
  }
})

test('a status of a node that cannot serve counts as its error', () => {
  for (const [status, errors] of [
    [503, 1],
    [500, 0],
    [200, 0],
  ] as const) {
    const { send, candidate } = awaiting()
    send(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`)
    assert.deepEqual([candidate.live.outlier.responses, candidate.live.outlier.errors], [1, errors])
  }
})

test('a head in thousands of pieces is parsed a few times only, and is complete with its end', () => {
  const { send, client } = awaiting()
  const text = `HTTP/1.1 204 No Content\r\nX-A: ${'a'.repeat(500)}\r\n\r\n`
  for (const byte of text.slice(0, -1)) assert.equal(send(byte), 'more')
  assert.equal(send(text.slice(-1)), 'complete')
  assert.equal(client.text, text)
})

test('bytes after the end of an attempt are ignored', () => {
  const { send, client, state } = awaiting()
  state.attempts.node = undefined
  assert.equal(send('HTTP/1.1 204 No Content\r\n\r\n'), 'more')
  assert.equal(client.text, '')
})

test('chunks are passed on to HTTP/1.1 clients, in any pieces, and nothing behind them', () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  const { send, client } = awaiting()
  assert.equal(send(`${head}5\r\nhe`), 'more')
  assert.equal(send('llo\r\n0\r\n\r\nHTTP/1.1'), 'last')
  assert.equal(client.text, `${head}5\r\nhello\r\n0\r\n\r\n`)
})

test('the connection of an HTTP/1.0 client stays open only when the response has a length', () => {
  const request = 'GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'
  for (const [fields, closes] of [
    ['Content-Length: 2\r\n', false],
    ['Transfer-Encoding: chunked\r\n', true],
    ['', true],
  ] as const) {
    const { send, client, state } = awaiting(request)
    send(`HTTP/1.1 200 OK\r\n${fields}\r\n`)
    assert.equal(state.response.closes, closes, fields)
    assert.match(
      client.text,
      closes ? /\r\nConnection: close\r\n/ : /\r\nConnection: keep-alive\r\n/,
    )
  }
})

test('the connection closes after a request that asks for it, and while the process drains', () => {
  const closing = awaiting(requestText('GET / HTTP/1.1', 'Connection: close'))
  closing.send('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal(closing.state.response.closes, true)
  const draining = awaiting()
  draining.client.isLast = true
  draining.send('HTTP/1.1 204 No Content\r\n\r\n')
  assert.match(draining.client.text, /\r\nConnection: close\r\n/)
})

test("a piece ends where the node's bytes end, not where the read buffer does", () => {
  const { send, client, state } = awaiting()
  send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n')
  deliver(state, Buffer.from('hellojunk'), 5, noReceiver)
  assert.ok(client.text.endsWith('\r\n\r\nhello'))
})
