// The order of the stages: what the client and the nodes see of one exchange. Without sockets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Exchange } from '../../../src/forward/exchange.ts'
import { ExchangePool } from '../../../src/forward/exchange-pool.ts'
import type { Choose } from '../../../src/forward/exchange-state.ts'
import type { AccessEntry } from '../../../src/forward/index.ts'
import { closedError, connectError } from '../../../src/forward/node/node-error.ts'
import { noNode, proxyFull } from '../../../src/forward/refusal.ts'
import { clusterOf, contextOf } from '../../support/cluster-fixture.ts'
import {
  type ExchangeGiven,
  exchangeOf,
  type RecordingConnection,
  requestText,
} from '../../support/exchange-fixture.ts'

const get = requestText('GET / HTTP/1.1')
const two: ExchangeGiven = { nodes: [{}, {}] }
const refused = connectError(new Error('connect ECONNREFUSED'))

/** An exchange that has not begun. */
function exchangeFor(request: string, given: ExchangeGiven = {}) {
  const fixture = exchangeOf(request, given)
  const { client, state, connections } = fixture
  const exchange = new Exchange(client, state.traffic)
  const bytes = Buffer.from(request, 'latin1')
  const bodyFrom = exchange.head.parse(bytes, 0, bytes.length)
  const forward = (): number => exchange.forward(bytes, bodyFrom, bytes.length)
  const connection = (number: number): RecordingConnection => {
    const found = connections[number]
    assert.ok(found !== undefined, `connection ${number} was not leased`)
    return found
  }
  const answer = (text: string): void => {
    const answered = Buffer.from(text, 'latin1')
    exchange.nodeSent(answered, answered.length)
  }
  return { ...fixture, exchange, bytes, bodyFrom, forward, connection, answer, fixture }
}

test('a request goes to a node and its response to the client', () => {
  const { forward, connection, answer, client } = exchangeFor(get)
  assert.equal(forward(), get.length)
  assert.match(connection(0).text, /^GET \/ /)
  answer('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal(client.text, 'HTTP/1.1 204 No Content\r\n\r\n')
  assert.deepEqual(client.calls, ['over'])
  assert.deepEqual(connection(0).calls, ['release, rests'])
})

test('the offset is behind the body as far as it has arrived', () => {
  const request = `${requestText('POST / HTTP/1.1', 'Content-Length: 2')}okGET /`
  assert.equal(exchangeFor(request).forward(), request.length - 'GET /'.length)
})

test('a request that is refused reaches no node, and its offset is behind the head', () => {
  const request = `${requestText('POST /none HTTP/1.1', 'Content-Length: 2')}ok`
  const given = { nodes: [{ contexts: [contextOf('/shop')] }] }
  const { forward, client, connections, state } = exchangeFor(request, given)
  assert.equal(forward(), request.length - 2)
  assert.equal(client.refusals[0]?.code, 'NO_CONTEXT')
  assert.deepEqual(client.calls, ['refuse and close'])
  assert.equal(state.traffic.counters.refused.get(404), 1)
  assert.equal(connections.length, 0)
})

test('a redirect is answered without a connection to the node', () => {
  const { forward, client, connections } = exchangeFor(get, { candidacy: ['redirectToIp %A:%P'] })
  forward()
  assert.equal(client.refusals[0]?.status, 302)
  assert.equal(connections.length, 0)
})

test('a failed attempt is followed by another at another node on a new connection', () => {
  const { exchange, forward, connection, answer, client, fresh, state } = exchangeFor(get, two)
  forward()
  exchange.nodeClosed(refused)
  assert.notEqual(connection(1).node, connection(0).node)
  assert.equal(connection(1).text, connection(0).text)
  assert.deepEqual(fresh, [false, true])
  assert.equal(state.traffic.counters.retries, 1)
  answer('HTTP/1.1 204 No Content\r\n\r\n')
  assert.deepEqual(client.calls, ['over'])
})

test('the same node may be asked again when a reused connection has closed', () => {
  const { fixture, exchange, forward, connection } = exchangeFor(get)
  fixture.onLease = (leased) => Object.assign(leased, { isReused: true })
  forward()
  exchange.nodeClosed(closedError(undefined))
  assert.equal(connection(1).node, connection(0).node)
})

test("half a head of a failed attempt is not part of the next one's response", () => {
  const { exchange, forward, answer, client } = exchangeFor(get, two)
  forward()
  answer('HTTP/1.1 200 OK\r\nX-Half: ')
  exchange.nodeClosed(closedError(undefined))
  answer('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal(client.text, 'HTTP/1.1 204 No Content\r\n\r\n')
})

test('the client is refused when no node is left or the retry budget is exhausted', () => {
  const last = exchangeFor(get)
  last.forward()
  last.exchange.nodeClosed(refused)
  assert.deepEqual(last.client.refusals, [noNode])
  const exhausted = exchangeFor(get, { ...two, retryBudget: 0 })
  exhausted.forward()
  exhausted.exchange.nodeClosed(refused)
  assert.deepEqual(exhausted.client.refusals, [noNode])
  assert.equal(exhausted.state.traffic.counters.retriesRefused, 1)
})

test('a response that has begun is cut when the node closes, stalls or sends nonsense', () => {
  const fail: readonly ((exchange: Exchange) => void)[] = [
    (exchange) => exchange.nodeClosed(closedError(undefined)),
    (exchange) => exchange.nodeEnded(),
    (exchange) => exchange.nodeTimedOut(),
    (exchange) => exchange.nodeMalformed('nonsense'),
  ]
  for (const failed of fail) {
    const codes: string[] = []
    const accessLog = ({ code }: AccessEntry) => codes.push(code)
    const { exchange, forward, answer, client, state } = exchangeFor(get, { ...two, accessLog })
    forward()
    answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe')
    failed(exchange)
    assert.deepEqual(client.calls, ['cut'])
    assert.equal(state.traffic.counters.cut, 1)
    assert.equal(codes.length, 1)
    assert.match(codes[0] ?? '', /^NODE_/)
  }
})

test('a node that does not respond in time, or sends nonsense, is not asked twice', () => {
  const timedOut = exchangeFor(get, two)
  timedOut.forward()
  timedOut.exchange.nodeTimedOut()
  assert.equal(timedOut.client.refusals[0]?.code, 'NODE_TIMEOUT')
  const malformed = exchangeFor(get, two)
  malformed.forward()
  malformed.answer('nonsense\r\n\r\n')
  assert.equal(malformed.client.refusals[0]?.code, 'NODE_MALFORMED')
  assert.deepEqual(malformed.log.messages, ['invalid response from node'])
  assert.deepEqual(malformed.log.details, [{ route: 'n2', reason: 'invalid status line' }])
  assert.deepEqual([timedOut.connections.length, malformed.connections.length], [1, 1])
  assert.deepEqual(timedOut.connection(0).calls, ['abort'])
  assert.deepEqual(malformed.connection(0).calls, ['abort'])
})

test('a client that is gone ends the attempt, which is no failure of the node', () => {
  const codes: string[] = []
  const given = { accessLog: ({ code }: AccessEntry) => codes.push(code) }
  const { exchange, forward, connection, state } = exchangeFor(get, given)
  forward()
  exchange.abandon('CLIENT_CLOSED')
  assert.deepEqual(codes, ['CLIENT_CLOSED'])
  assert.deepEqual(connection(0).calls, ['abort'])
  assert.equal(state.traffic.routes.find('/', '')?.[0]?.candidates[0]?.live.failures, 0)
})

test('a malformed piece of the body is refused before the response and cut within it', () => {
  const chunked = `${requestText('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}1\r\na\r\n`
  const before = exchangeFor(chunked)
  before.forward()
  before.exchange.beginHeld()
  assert.equal(before.exchange.clientSent(Buffer.from('zz\r\n'), 4), 4)
  assert.equal(before.client.refusals[0]?.code, 'HTTP_CHUNK')
  assert.deepEqual(before.connection(0).calls, ['abort'])
  const candidate = before.state.traffic.routes.find('/', '')?.[0]?.candidates[0]
  assert.equal(candidate?.live.failures, 0)
  const within = exchangeFor(chunked)
  within.forward()
  within.exchange.beginHeld()
  within.answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe')
  within.exchange.clientSent(Buffer.from('zz\r\n'), 4)
  assert.equal(within.client.calls.at(-1), 'cut')
})

test('a request whose body has not begun reaches no node, and then goes out in one write', () => {
  const request = requestText('POST / HTTP/1.1', 'Content-Length: 3')
  const { exchange, forward, client, connection, connections, state } = exchangeFor(request, two)
  assert.equal(forward(), request.length)
  assert.deepEqual([connections.length, exchange.isHeld], [0, true])
  assert.deepEqual(client.calls, ['resumeBody'])
  assert.equal(exchange.clientSent(Buffer.from('oneGET'), 6), 3)
  assert.deepEqual([connections.length, exchange.isHeld], [1, false])
  assert.match(connection(0).text, /^POST \/ .*\r\n\r\none$/s)
  assert.equal(state.traffic.uploads.size, 0)
})

test('a request of whose body little has arrived waits for more, for all of it, or for a moment', () => {
  const request = `${requestText('POST / HTTP/1.1', 'Content-Length: 3')}a`
  const more = exchangeFor(request)
  more.forward()
  assert.equal(more.exchange.clientSent(Buffer.from('b'), 1), 1)
  assert.deepEqual([more.connections.length, more.exchange.isHeld], [0, true])
  more.exchange.clientSent(Buffer.from('c'), 1)
  assert.match(more.connection(0).text, /\r\n\r\nabc$/)
  assert.equal(more.state.traffic.heldBodies.size, 0)
  const long = exchangeFor(requestText('POST / HTTP/1.1', 'Content-Length: 5000'))
  long.forward()
  long.exchange.clientSent(Buffer.alloc(1_023), 1_023)
  assert.deepEqual([long.connections.length, long.state.traffic.heldBodies.size], [0, 1])
  long.exchange.clientSent(Buffer.alloc(1), 1)
  assert.deepEqual([long.connections.length, long.state.traffic.heldBodies.size], [1, 0])
  const gone = exchangeFor(request)
  gone.forward()
  assert.equal(gone.state.traffic.heldBodies.size, 1)
  gone.exchange.abandon('CLIENT_CLOSED')
  assert.deepEqual([gone.connections.length, gone.state.traffic.heldBodies.size], [0, 0])
})

test('a request with its whole body in the first bytes does not wait', () => {
  for (const body of [
    `${requestText('POST / HTTP/1.1', 'Content-Length: 2')}ok`,
    `${requestText('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  ]) {
    const { forward, connections, state } = exchangeFor(body)
    assert.equal(forward(), body.length)
    assert.deepEqual([connections.length, state.traffic.heldBodies.size], [1, 0])
  }
})

test('a request whose body does not begin ends without a node', () => {
  const request = requestText('POST / HTTP/1.1', 'Transfer-Encoding: chunked')
  const gone = exchangeFor(request)
  gone.forward()
  gone.exchange.abandon('CLIENT_CLOSED')
  const malformed = exchangeFor(request)
  malformed.forward()
  assert.equal(malformed.exchange.clientSent(Buffer.from('zz\r\n'), 4), 4)
  assert.equal(malformed.client.refusals[0]?.code, 'HTTP_CHUNK')
  assert.deepEqual([gone.connections.length, malformed.connections.length], [0, 0])
})

test('the node is chosen when the body begins', () => {
  const request = requestText('POST / HTTP/1.1', 'Content-Length: 3')
  const { exchange, forward, client, connections, state } = exchangeFor(request)
  forward()
  const [application] = state.traffic.routes.find('/', '') ?? []
  for (const { live } of application?.candidates ?? [])
    live.health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'test' }
  exchange.clientSent(Buffer.from('one'), 3)
  assert.deepEqual(client.refusals, [noNode])
  assert.equal(connections.length, 0)
})

test('an upload counts until its body is complete or its attempt is over', () => {
  const request = `${requestText('POST / HTTP/1.1', 'Content-Length: 3')}a`
  const { exchange, forward, state, client } = exchangeFor(request)
  forward()
  exchange.beginHeld()
  const { uploads } = state.traffic
  assert.equal(uploads.size, 1)
  exchange.clientSent(Buffer.from('b'), 1)
  assert.equal(uploads.size, 1)
  exchange.clientSent(Buffer.from('c'), 1)
  assert.equal(uploads.size, 0)
  const displaced = exchangeFor(request)
  displaced.forward()
  displaced.exchange.beginHeld()
  displaced.exchange.displace()
  assert.equal(displaced.client.refusals[0]?.code, 'UPLOAD_DISPLACED')
  assert.deepEqual(displaced.connection(0).calls, ['abort'])
  assert.equal(displaced.state.traffic.uploads.size, 0)
  assert.deepEqual(client.refusals, [])
})

test('a slow client pauses the node until what was written has left', () => {
  const { exchange, forward, answer, client, connection } = exchangeFor(get)
  forward()
  client.isSlow = true
  answer('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe')
  client.isSlow = false
  client.pending = 0
  exchange.clientDrained()
  assert.equal(connection(0).deadline, 60_000)
  answer('llo')
  assert.deepEqual(connection(0).calls, ['pause', 'resume', 'release'])
})

test('a node that ends its side after a body without a length has completed the response', () => {
  const { exchange, forward, answer, client, connection } = exchangeFor(get)
  forward()
  answer('HTTP/1.1 200 OK\r\n\r\nhello')
  exchange.nodeEnded()
  assert.ok(client.text.endsWith('5\r\nhello\r\n0\r\n\r\n'))
  assert.deepEqual(client.calls, ['over'])
  assert.deepEqual(connection(0).calls, ['release, not reusable'])
})

test('a node that ends its side before it responds has failed the attempt', () => {
  const { exchange, forward, connections } = exchangeFor(get, two)
  forward()
  exchange.nodeEnded()
  assert.equal(connections.length, 2)
})

test('a node that becomes ready gets the body, and has a deadline while some of it is pending or all was sent', () => {
  const request = `${requestText('POST / HTTP/1.1', 'Content-Length: 3')}a`
  const { fixture, exchange, forward, client, connection } = exchangeFor(request)
  fixture.onLease = (leased) => Object.assign(leased, { isReady: false })
  forward()
  exchange.beginHeld()
  exchange.nodeReady()
  assert.equal(connection(0).deadline, Number.POSITIVE_INFINITY, 'the client is the slow side')
  connection(0).pending = 5
  exchange.nodeReady()
  assert.equal(connection(0).deadline, 60_000)
  assert.deepEqual(client.calls, ['resumeBody', 'pauseBody', 'resumeBody'])
  connection(0).pending = 0
  exchange.nodeDrained()
  assert.equal(connection(0).deadline, Number.POSITIVE_INFINITY)
  exchange.clientSent(Buffer.from('ok'), 2)
  assert.equal(connection(0).deadline, 60_000)
  exchange.nodeDrained()
  assert.deepEqual(client.calls.slice(3), ['resumeBody', 'bodyProgress'])
})

test('a connection asks where to read, and how long the node may be silent', () => {
  const given = { timeouts: { responseHeadMs: 500, responseBodyMs: 700 } }
  const { exchange, forward, answer } = exchangeFor(get, given)
  forward()
  assert.deepEqual([exchange.relaysBody, exchange.silenceMs], [false, 500])
  answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
  assert.deepEqual([exchange.relaysBody, exchange.silenceMs], [true, 700])
  answer('ok')
  assert.equal(exchange.relaysBody, false)
})

test('an exchange of the pool serves the client that leases it', () => {
  const { client, state } = exchangeOf(get)
  const other = exchangeOf(get)
  const pool = new ExchangePool()
  const exchange = pool.lease(client, state.traffic)
  pool.release(exchange)
  assert.equal(pool.lease(other.client, state.traffic), exchange)
  assert.equal(exchange.source, other.client)
})

test('a client that waits with its body gets 100 Continue when the node needs the body', () => {
  const request = requestText('POST / HTTP/1.1', 'Content-Length: 2', 'Expect: 100-continue')
  const { exchange, forward, client, connection } = exchangeFor(request)
  forward()
  exchange.nodeAwaitsBody()
  assert.equal(client.text, 'HTTP/1.1 100 Continue\r\n\r\n')
  client.isSlow = true
  exchange.nodeAwaitsBody()
  assert.deepEqual(connection(0).calls, ['pause'])
})

// WaitWorker

const waiting: ExchangeGiven = {
  nodes: [{ contexts: [contextOf('/', 'STOPPED')] }],
  balancer: { waitMs: 1_000 },
}

test('a request waits for a usable node as long as the balancer allows', () => {
  const request = `${requestText('POST / HTTP/1.1', 'Content-Length: 2')}a`
  const { exchange, forward, client, connections, state } = exchangeFor(request, waiting)
  forward()
  exchange.beginHeld()
  assert.equal(state.traffic.waiting.has(exchange), true)
  assert.deepEqual(client.calls, ['resumeBody', 'pauseBody'])
  exchange.tryAgain(999)
  assert.deepEqual(client.refusals, [])
  state.traffic.routes = exchangeOf(get).state.traffic.routes
  exchange.tryAgain(999)
  assert.equal(connections.length, 1)
  assert.equal(state.traffic.waiting.size, 0)
})

test('a request that has waited in vain is refused, one whose client is gone waits no more', () => {
  const vain = exchangeFor(get, waiting)
  vain.forward()
  vain.exchange.tryAgain(1_000)
  assert.deepEqual(vain.client.refusals, [noNode])
  assert.equal(vain.state.traffic.waiting.size, 0)
  const gone = exchangeFor(get, waiting)
  gone.forward()
  gone.exchange.abandon('CLIENT_CLOSED')
  assert.equal(gone.state.traffic.waiting.size, 0)
})

test('a request that has waited outside the domain of its session leaves without it', () => {
  const request = requestText('GET / HTTP/1.1', 'Cookie: JSESSIONID=x.n1')
  const balancer = { waitMs: 1_000, stickyRemove: true }
  const given = { ...waiting, balancer }
  const { exchange, forward, connection, state } = exchangeFor(request, given)
  forward()
  const changes = clusterOf([{}, {}], balancer).filter(
    (change) => change.kind !== 'node' || change.node.id > 1,
  )
  state.traffic.routes = exchangeOf(get, { changes }).state.traffic.routes
  exchange.tryAgain(0)
  assert.doesNotMatch(connection(0).text, /JSESSIONID/)
})

// forwardTo: peers

test('forwardTo returns why no node could be asked, and does not answer the client', () => {
  const { fixture, exchange, bytes, bodyFrom, client, state } = exchangeFor(get)
  const application = state.traffic.routes.find('/', '')?.[0]
  assert.ok(application !== undefined)
  const to = (choose: Choose) =>
    exchange.forwardTo(application, choose, bytes, bodyFrom, bytes.length)
  assert.equal(
    to(() => undefined),
    noNode,
  )
  assert.deepEqual([exchange.status, state.traffic.counters.refused.get(503)], [503, 1])
  fixture.isFull = true
  assert.equal(
    to(() => application.candidates[0]),
    proxyFull,
  )
  assert.deepEqual(client.calls, [])
  fixture.isFull = false
  assert.equal(
    to(() => application.candidates[0]),
    undefined,
  )
  assert.equal(exchange.nodeId, 1)
  assert.equal(exchange.behind, bytes.length)
})

test('the caller of forwardTo chooses again after a failure', () => {
  const { exchange, bytes, bodyFrom, client, state, connections } = exchangeFor(get, two)
  const application = state.traffic.routes.find('/', '')?.[0]
  assert.ok(application !== undefined)
  const seen: (readonly number[])[] = []
  const choose = (tried: readonly number[]) => {
    seen.push(tried)
    return application.candidates[tried.length]
  }
  exchange.forwardTo(application, choose, bytes, bodyFrom, bytes.length)
  exchange.nodeClosed(refused)
  exchange.nodeClosed(refused)
  assert.deepEqual(seen, [[], [1], [1, 2]])
  assert.equal(connections.length, 2)
  assert.deepEqual(client.refusals, [noNode])
})

test('latency is measured for the caller of forwardTo, within its application', () => {
  const { exchange, bytes, bodyFrom, state, clock, answer } = exchangeFor(get)
  const application = state.traffic.routes.find('/', '')?.[0]
  assert.ok(application !== undefined)
  const [candidate] = application.candidates
  exchange.forwardTo(application, () => candidate, bytes, bodyFrom, bytes.length)
  clock.advance(40)
  answer('HTTP/1.1 204 No Content\r\n\r\n')
  assert.equal(candidate?.live.latency.ms, 40)
})

test('a request waits for a connection to a node, with what has arrived of its body', async () => {
  const request = `${requestText('POST / HTTP/1.1', 'Content-Length: 4')}ab`
  const { exchange, forward, client, fixture, connections, state } = exchangeFor(request)
  fixture.isFull = true
  assert.equal(forward(), request.length)
  exchange.beginHeld()
  assert.deepEqual(client.calls, ['resumeBody', 'pauseBody'])
  fixture.isFull = false
  exchange.proceed()
  assert.match(connections[0]?.text ?? '', /\r\n\r\nab$/)
  assert.equal(state.traffic.counters.shortages, 0)
})

test('a request that has waited too long for a connection gets a 503', () => {
  const { exchange, forward, client, fixture, state } = exchangeFor(get)
  fixture.isFull = true
  forward()
  const { connectMs } = state.traffic.settings.timeouts
  exchange.refuseLate(connectMs - 1)
  assert.deepEqual(client.refusals, [])
  exchange.refuseLate(connectMs)
  assert.deepEqual(client.refusals, [proxyFull])
  assert.equal(state.traffic.counters.shortages, 1)
  assert.equal(state.traffic.admission.isOpen, true)
})

test('a client that goes away does not wait any more', () => {
  const { exchange, forward, fixture, state } = exchangeFor(get)
  fixture.isFull = true
  forward()
  assert.equal(state.traffic.admission.isOpen, false)
  exchange.abandon('CLIENT_CLOSED')
  assert.equal(state.traffic.admission.isOpen, true)
})
