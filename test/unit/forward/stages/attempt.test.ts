import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proxyFull } from '../../../../src/forward/refusal.ts'
import { attempt, endAttempt, sendBody } from '../../../../src/forward/stages/attempt.ts'
import { exchangeOf, noReceiver, prepared, requestText } from '../../../support/exchange-fixture.ts'

const get = requestText('GET / HTTP/1.1')
const post = requestText('POST / HTTP/1.1', 'Content-Length: 10')

test('the request is written to a leased connection, and the attempt is counted', () => {
  const fixture = exchangeOf(get)
  const { state, connections, client } = fixture
  const candidate = prepared(fixture, get)
  assert.equal(attempt(state, candidate, noReceiver), undefined)
  const [connection] = connections
  assert.equal(connection?.receiver, noReceiver)
  assert.match(connection?.text ?? '', /^GET \/ HTTP\/1\.1\r\n/)
  const { live, contextLive } = candidate
  assert.deepEqual(
    [live.elected, live.inFlight, contextLive.inFlight, live.bytesSent],
    [1, 1, 1, connection?.text.length],
  )
  assert.equal(state.attempts.count, 1)
  assert.equal(state.attempts.node, connection)
  assert.deepEqual(client.calls, [])
})

test('when no connection can be opened nothing is counted against the node', () => {
  const fixture = exchangeOf(get)
  const candidate = prepared(fixture, get)
  fixture.isFull = true
  assert.equal(attempt(fixture.state, candidate, noReceiver), proxyFull)
  assert.deepEqual([candidate.live.elected, candidate.live.inFlight], [0, 0])
})

test("the deadline is the node's own timeout, or that of the settings", () => {
  for (const [timeoutMs, expected] of [
    [0, 60_000],
    [5_000, 5_000],
  ] as const) {
    const fixture = exchangeOf(get, { nodes: [{ timeoutMs }] })
    attempt(fixture.state, prepared(fixture, get), noReceiver)
    assert.equal(fixture.connections[0]?.deadline, expected)
    assert.equal(fixture.state.attempts.bodyMs, expected)
  }
})

test('a connection that is not ready keeps its own deadline', () => {
  const fixture = exchangeOf(get)
  fixture.onLease = (connection) => {
    connection.isReady = false
    connection.deadline = 3_000
  }
  attempt(fixture.state, prepared(fixture, get), noReceiver)
  assert.equal(fixture.connections[0]?.deadline, 3_000)
})

test('the rest of a body is read only when the connection is ready and the head has left', () => {
  for (const [isReady, isSlow, expected] of [
    [true, false, 'resumeBody'],
    [false, false, 'pauseBody'],
    [true, true, 'pauseBody'],
  ] as const) {
    const fixture = exchangeOf(post)
    fixture.onLease = (connection) => Object.assign(connection, { isReady, isSlow })
    attempt(fixture.state, prepared(fixture, post), noReceiver)
    assert.deepEqual(fixture.client.calls, [expected])
  }
})

test("a session at its own node is noted in the node's sessions", () => {
  const request = requestText('GET / HTTP/1.1', 'Cookie: JSESSIONID=x.n1')
  const fixture = exchangeOf(request)
  const candidate = prepared(fixture, request)
  attempt(fixture.state, candidate, noReceiver)
  assert.equal(candidate.live.sessions.count(fixture.clock.now()), 1)
})

test('pieces of the body are sent up to its end, and the request can not be sent again', () => {
  const fixture = exchangeOf(post)
  const { state, client, connections } = fixture
  const candidate = prepared(fixture, post)
  attempt(state, candidate, noReceiver)
  client.calls.length = 0
  const before = candidate.live.bytesSent
  state.traffic.ticker.now = 500
  assert.equal(sendBody(state, Buffer.from('0123xxxx'), 4), 4)
  assert.equal(connections[0]?.deadline, Number.POSITIVE_INFINITY, 'the client is the slow side')
  assert.equal(sendBody(state, Buffer.from('456789GET /'), 11), 6)
  assert.equal(connections[0]?.deadline, 60_500)
  assert.ok(connections[0]?.text.endsWith('\r\n\r\n0123456789'))
  assert.deepEqual(client.calls, ['bodyProgress', 'bodyProgress'])
  assert.equal(state.attempts.replayable, false)
  assert.equal(candidate.live.bytesSent, before + 10)
})

test('the node has a deadline before the end of a body only while something is pending towards it', () => {
  const never = Number.POSITIVE_INFINITY
  for (const [fields, isSlow, expected] of [
    [['Content-Length: 10'], false, never],
    [['Transfer-Encoding: chunked'], false, never],
    [['Content-Length: 10'], true, 60_000],
    // The client may wait for the node's decision.
    [['Content-Length: 10', 'Expect: 100-continue'], false, 60_000],
  ] as const) {
    const request = requestText('POST / HTTP/1.1', ...fields)
    const fixture = exchangeOf(request)
    fixture.onLease = (connection) => Object.assign(connection, { isSlow })
    attempt(fixture.state, prepared(fixture, request), noReceiver)
    assert.equal(fixture.connections[0]?.deadline, expected, `${fields}, ${isSlow}`)
  }
})

test('a node that reads slower pauses the body', () => {
  const fixture = exchangeOf(post)
  fixture.onLease = (connection) => Object.assign(connection, { isSlow: true })
  attempt(fixture.state, prepared(fixture, post), noReceiver)
  fixture.client.calls.length = 0
  sendBody(fixture.state, Buffer.from('0123'), 4)
  assert.deepEqual(fixture.client.calls, ['bodyProgress', 'pauseBody'])
})

test('a malformed piece of the body is a problem and is not sent', () => {
  const request = requestText('POST / HTTP/1.1', 'Transfer-Encoding: chunked')
  const fixture = exchangeOf(request)
  attempt(fixture.state, prepared(fixture, request), noReceiver)
  const before = fixture.connections[0]?.text
  assert.ok(sendBody(fixture.state, Buffer.from('zz\r\n'), 4) < 0)
  assert.equal(fixture.connections[0]?.text, before)
})

test('body bytes without a connection are dropped', () => {
  assert.equal(sendBody(exchangeOf(post).state, Buffer.from('0123'), 4), 4)
})

test('the end of an attempt closes the connection and counts a failure once', () => {
  for (const [failed, failures] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const fixture = exchangeOf(get)
    const candidate = prepared(fixture, get)
    attempt(fixture.state, candidate, noReceiver)
    endAttempt(fixture.state, failed)
    endAttempt(fixture.state, failed)
    assert.deepEqual(fixture.connections[0]?.calls, ['abort'])
    const { live, contextLive } = candidate
    assert.deepEqual([live.failures, live.inFlight, contextLive.inFlight], [failures, 0, 0])
    assert.equal(fixture.state.attempts.node, undefined)
  }
})
