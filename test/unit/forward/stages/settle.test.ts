import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessEntry } from '../../../../src/forward/index.ts'
import { attempt } from '../../../../src/forward/stages/attempt.ts'
import { deliver } from '../../../../src/forward/stages/deliver.ts'
import { complete, settle } from '../../../../src/forward/stages/settle.ts'
import {
  dateLine,
  type ExchangeGiven,
  exchangeOf,
  noReceiver,
  prepared,
  requestText,
} from '../../../support/exchange-fixture.ts'

const get = requestText('GET /a?b HTTP/1.1')

/** An exchange whose response has arrived. */
function answered(given: ExchangeGiven = {}, request: string = get, fields = 'Content-Length: 2') {
  const fixture = exchangeOf(request, given)
  const candidate = prepared(fixture, request)
  attempt(fixture.state, candidate, noReceiver)
  const [connection] = fixture.connections
  assert.ok(connection !== undefined)
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\nok`)
  deliver(fixture.state, bytes, bytes.length, noReceiver)
  return { ...fixture, candidate, connection }
}

test('after a complete response the connection is released and the client continues', () => {
  const { state, connection, client, candidate } = answered()
  complete(state, true)
  assert.deepEqual(connection.calls, ['release'])
  assert.deepEqual(client.calls, ['over'])
  const { live, contextLive } = candidate
  assert.deepEqual([live.inFlight, contextLive.inFlight, live.failures], [0, 0, 0])
  const { node, out, candidate: present } = state.attempts
  assert.deepEqual([node, out, present], [undefined, undefined, undefined])
})

test('a connection is not used again when either side closes it or bytes are left over', () => {
  const unusable = ['release, not reusable']
  const excess = answered()
  complete(excess.state, false)
  assert.deepEqual(excess.connection.calls, unusable)
  const closing = answered({}, get, 'Connection: close\r\nContent-Length: 2')
  complete(closing.state, true)
  assert.deepEqual(closing.connection.calls, unusable)
  const overtaken = answered({}, requestText('POST / HTTP/1.1', 'Content-Length: 9'))
  complete(overtaken.state, true)
  assert.deepEqual(overtaken.connection.calls, unusable)
  assert.deepEqual(overtaken.client.calls.at(-1), 'over and close')
})

test('a connection rests after a response with Content-Length: 0', () => {
  const { state, connection } = answered()
  state.response.head.contentLength = 0
  complete(state, true)
  assert.deepEqual(connection.calls, ['release, rests'])
})

test('a connection rests after a response that must not have a body', () => {
  for (const status of [200, 204, 304]) {
    for (const method of ['GET', 'HEAD']) {
      const { state, connection } = answered({}, requestText(`${method} / HTTP/1.1`))
      state.response.head.status = status
      complete(state, true)
      const rests = method === 'HEAD' || status !== 200
      assert.equal(connection.calls.at(-1), rests ? 'release, rests' : 'release')
    }
  }
})

test('the read buffer is left to a client that is still being sent it', () => {
  const { state, connection } = answered()
  state.response.isBlocked = true
  complete(state, true)
  assert.deepEqual(connection.calls, ['detachBuffer', 'release'])
})

test('a complete response clears suspicion of the node', () => {
  const { state, candidate } = answered()
  candidate.live.health = { kind: 'suspect', misses: 0, probeAt: 0 }
  complete(state, true)
  assert.equal(candidate.live.health.kind, 'up')
})

test('the access log gets one entry with the route of the node', () => {
  const entries: AccessEntry[] = []
  const { state, clock, client } = answered({ accessLog: (entry) => entries.push(entry) })
  clock.advance(25)
  state.traffic.receivedAt.update()
  complete(state, true)
  assert.deepEqual(entries, [
    {
      method: 'GET',
      target: '/a?b',
      host: 'www.example.com',
      protocol: 'HTTP/1.1',
      tls: '',
      userAgent: '',
      time: clock.wall(),
      client: '192.0.2.1',
      remote: '192.0.2.1',
      status: 200,
      code: '',
      route: 'n1',
      balancer: 'mycluster',
      context: '/',
      rule: '',
      attempts: 1,
      waitMs: null,
      firstByteMs: null,
      durationMs: 25,
      bytes: client.text.length + dateLine.length,
      bytesIn: 0,
      requestId: '',
      traceId: '',
      fields: [],
    },
  ])
})

test('the request buffer is used again after a response, not after a failure', () => {
  for (const [code, isReused] of [
    ['', true],
    ['NODE_CLOSED', false],
  ] as const) {
    const { state } = answered()
    const { out } = state.attempts
    settle(state, code, state.traffic.clock.now())
    assert.equal(state.traffic.buffers.leaseOut() === out, isReused, code)
  }
})
