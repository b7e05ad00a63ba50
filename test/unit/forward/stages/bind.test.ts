// Connections that belong to one client, because it has logged in on them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpLimits } from '../../../../src/base/limits.ts'
import { attempt } from '../../../../src/forward/stages/attempt.ts'
import { bind } from '../../../../src/forward/stages/bind.ts'
import { choose } from '../../../../src/forward/stages/choose.ts'
import { deliver } from '../../../../src/forward/stages/deliver.ts'
import {
  exchangeOf,
  noReceiver,
  prepared,
  RecordingConnection,
  requestText,
  routed,
} from '../../../support/exchange-fixture.ts'

function attempted(request: string, given: Parameters<typeof exchangeOf>[1] = {}) {
  const fixture = exchangeOf(request, given)
  const candidate = prepared(fixture, request)
  attempt(fixture.state, candidate, noReceiver)
  return { ...fixture, candidate }
}

function responded(text: string, request: string = requestText('GET / HTTP/1.1')) {
  const { state, client, connections } = attempted(request)
  const bytes = Buffer.from(text)
  deliver(state, bytes, bytes.length, noReceiver)
  return { bound: client.bound, connection: connections[0] }
}

test('credentials of a connection bind it before they are sent', () => {
  const { client, connections } = attempted(requestText('GET / HTTP/1.1', 'Authorization: NTLM a'))
  assert.deepEqual([...(client.bound ?? [])], connections)
  assert.deepEqual(connections[0]?.calls, ['bindTo'])
  assert.equal(
    attempted(requestText('GET / HTTP/1.1', 'Authorization: Basic a')).client.bound,
    undefined,
  )
})

test('a challenge of a connection binds it, with 401 and 407 only', () => {
  const challenge = 'WWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n'
  const { bound, connection } = responded(`HTTP/1.1 401 Unauthorized\r\n${challenge}`)
  assert.equal(bound?.has(connection as RecordingConnection), true)
  assert.equal(responded(`HTTP/1.1 407 Proxy\r\nProxy-${challenge.slice(4)}`).bound?.size, 1)
  assert.equal(responded(`HTTP/1.1 200 OK\r\n${challenge}`).bound, undefined)
  assert.equal(
    responded('HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 0\r\n\r\n')
      .bound,
    undefined,
  )
})

test("the client's own connection is leased again, unless a new one is needed", () => {
  for (const freshOnly of [false, true]) {
    const request = requestText('GET / HTTP/1.1')
    const fixture = exchangeOf(request)
    const candidate = prepared(fixture, request)
    const own = new RecordingConnection(candidate.node)
    own.isIdle = true
    bind(fixture.client, own)
    fixture.state.attempts.freshOnly = freshOnly
    attempt(fixture.state, candidate, noReceiver)
    assert.equal(fixture.state.attempts.node === own, !freshOnly)
    assert.equal(fixture.connections.length, freshOnly ? 1 : 0)
  }
})

test("the node of the client's own connection is chosen while it is usable and no session names another", () => {
  const fixture = exchangeOf(requestText('GET / HTTP/1.1'), { nodes: [{}, {}, {}] })
  const { choice, traffic } = fixture.state
  const candidates = routed(fixture)
  const third = candidates[2]
  assert.ok(third !== undefined)
  const own = new RecordingConnection(third.node)
  own.isLoggedIn = true
  const bound = new Set([own])
  for (let i = 0; i < 5; i++) assert.equal(choose(choice, traffic.chosenAt, bound), third)
  choice.route = 'n1'
  choice.hasSession = true
  assert.equal(choose(choice, traffic.chosenAt, bound)?.node.route, 'n1')
  choice.route = undefined
  third.live.loadFactor = -1
  assert.notEqual(choose(choice, traffic.chosenAt, bound), third)
})

test('a client that binds too many connections loses the first of them', () => {
  const { client, candidate } = attempted(requestText('GET / HTTP/1.1'))
  const all = Array.from(
    { length: httpLimits.boundMax + 1 },
    () => new RecordingConnection(candidate.node),
  )
  for (const connection of all) bind(client, connection)
  assert.deepEqual(
    all.map(({ calls }) => calls.includes('close')),
    all.map((_, index) => index === 0),
  )
})
