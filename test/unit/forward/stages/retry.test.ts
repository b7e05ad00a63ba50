import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopspinError } from '../../../../src/base/errors.ts'
import {
  closedError,
  connectError,
  headLargeError,
  timeoutError,
} from '../../../../src/forward/node/node-error.ts'
import { headLarge, nodeFailed, noNode, proxyFull } from '../../../../src/forward/refusal.ts'
import { attempt } from '../../../../src/forward/stages/attempt.ts'
import {
  attemptFailed,
  attemptTimedOut,
  refusalAfter,
  spendRetry,
} from '../../../../src/forward/stages/retry.ts'
import {
  type ExchangeGiven,
  exchangeOf,
  noReceiver,
  prepared,
  requestText,
} from '../../../support/exchange-fixture.ts'

const refused = connectError(new Error('connect ECONNREFUSED'))
const closed = closedError(undefined)
const shortage = connectError(Object.assign(new Error('too many open files'), { code: 'EMFILE' }))

/** An attempt that is under way. */
function attempted(line = 'GET / HTTP/1.1', given: ExchangeGiven & { isReused?: boolean } = {}) {
  const { isReused = false, ...rest } = given
  const request = requestText(line)
  const fixture = exchangeOf(request, rest)
  fixture.onLease = (connection) => Object.assign(connection, { isReused })
  const candidate = prepared(fixture, request)
  const again = (): void => assert.equal(attempt(fixture.state, candidate, noReceiver), undefined)
  again()
  return { ...fixture, candidate, again }
}

test('a refused connection is retried at another node with every method', () => {
  for (const method of ['GET', 'POST']) {
    const { state, candidate, connections } = attempted(`${method} / HTTP/1.1`)
    assert.equal(attemptFailed(state, refused), 'another', method)
    assert.equal(candidate.live.health.kind, 'down')
    assert.deepEqual(connections[0]?.calls, ['abort'])
    assert.equal(state.attempts.freshOnly, true)
  }
})

test('a connection that closes before the response is retried for idempotent methods only', () => {
  for (const [method, after] of [
    ['GET', 'another'],
    ['PUT', 'another'],
    ['POST', 'refuse'],
  ] as const) {
    const { state, candidate } = attempted(`${method} / HTTP/1.1`)
    assert.equal(attemptFailed(state, closed), after, method)
    assert.equal(candidate.live.health.kind, 'suspect')
    assert.equal(candidate.live.failures, 1)
  }
})

test('a node whose responses fail is suspect, stays in use, and is reported once in a while', () => {
  const suspects: number[] = []
  const { state, candidate, clock, down, log, again } = attempted('GET / HTTP/1.1', {
    onNodeSuspect: (id) => suspects.push(id),
  })
  for (let i = 0; i < 20; i++) {
    attemptFailed(state, i % 2 === 0 ? closed : timeoutError())
    assert.equal(candidate.live.health.kind, 'suspect')
    again()
  }
  const { id } = candidate.node
  assert.deepEqual([suspects, down, log.messages], [[id], [], []])
  clock.advance(250)
  attemptFailed(state, closed)
  assert.deepEqual(suspects, [id, id])
})

test('a reused connection that closes is retried at the same node and no failure of the node', () => {
  const { state, candidate } = attempted('GET / HTTP/1.1', { isReused: true })
  assert.equal(attemptFailed(state, closed), 'same')
  assert.equal(candidate.live.health.kind, 'up')
  assert.equal(state.attempts.failures, 0)
  const unsafe = attempted('POST / HTTP/1.1', { isReused: true })
  assert.equal(attemptFailed(unsafe.state, closed), 'refuse')
})

test('Maxattempts limits the failures that may have reached the application', () => {
  const { state, again } = attempted('GET / HTTP/1.1', { balancer: { maxAttempts: 2 } })
  assert.equal(attemptFailed(state, closed), 'another')
  again()
  assert.equal(attemptFailed(state, closed), 'another')
  again()
  assert.equal(attemptFailed(state, closed), 'refuse')
  const none = attempted('GET / HTTP/1.1', { balancer: { maxAttempts: 0 } })
  assert.equal(attemptFailed(none.state, closed), 'refuse')
})

test('eight refused connections in a row are enough', () => {
  const { state, again } = attempted()
  for (let i = 0; i < 8; i++) {
    assert.equal(attemptFailed(state, refused), 'another')
    again()
  }
  assert.equal(attemptFailed(state, refused), 'refuse')
})

test('a request whose body has left the buffer, or is too long for it, is not sent again', () => {
  const { state } = attempted()
  state.attempts.replayable = false
  assert.equal(attemptFailed(state, refused), 'refuse')
  const long = attempted()
  long.state.attempts.out?.raw(Buffer.alloc(200_000))
  assert.equal(attemptFailed(long.state, refused), 'refuse')
})

test('a shortage of this process is no failure of the node', () => {
  const { state, candidate, connections } = attempted()
  assert.equal(attemptFailed(state, shortage), 'refuse')
  assert.equal(state.traffic.counters.shortages, 1)
  assert.deepEqual([candidate.live.failures, candidate.live.health.kind], [0, 'up'])
  assert.deepEqual(connections[0]?.calls, ['abort'])
})

test('a node that goes down is reported and logged once', () => {
  const { state, candidate, down, log, again } = attempted()
  const { epoch } = candidate.live
  attemptFailed(state, refused)
  assert.deepEqual(down, [candidate.node.id])
  assert.equal(candidate.live.epoch, epoch + 1)
  again()
  attemptFailed(state, refused)
  assert.deepEqual(down, [candidate.node.id])
  assert.deepEqual(log.messages, ['node is down'])
})

test('a timeout is a failure of the node, also on a reused connection', () => {
  const { state, candidate, connections } = attempted('GET / HTTP/1.1', { isReused: true })
  attemptTimedOut(state, timeoutError())
  assert.equal(candidate.live.health.kind, 'suspect')
  assert.equal(candidate.live.failures, 1)
  assert.deepEqual(connections[0]?.calls, ['abort'])
})

test("while the body is incomplete a failure may be the client's, and does not count beside other nodes'", () => {
  for (const [length, errors] of [
    ['10', 0],
    ['0', 1],
  ] as const) {
    for (const expects of [
      '',
      '\r\nExpect: 100-continue',
      '\r\nConnection: upgrade\r\nUpgrade: tcp',
    ]) {
      const line = `POST / HTTP/1.1\r\nContent-Length: ${length}${expects}`
      const late = attempted(line)
      attemptTimedOut(late.state, timeoutError())
      const { live } = late.candidate
      assert.deepEqual([live.outlier.errors, live.failures], [errors, errors], line)
      const ended = attempted(line)
      attemptFailed(ended.state, closed)
      assert.equal(ended.candidate.live.outlier.errors, errors, line)
    }
  }
  const { state, candidate } = attempted('POST / HTTP/1.1\r\nContent-Length: 10')
  attemptFailed(state, refused)
  assert.equal(candidate.live.health.kind, 'down')
})

test('the client is answered by what failed', () => {
  const answers: readonly (readonly [TopspinError, unknown])[] = [
    [refused, noNode],
    [closed, nodeFailed],
    [shortage, proxyFull],
    [headLargeError(), headLarge],
  ]
  for (const [error, refusal] of answers) assert.equal(refusalAfter(error), refusal, error.code)
})

test('retries and refused retries are counted', () => {
  const { traffic } = exchangeOf(undefined, { retryBudget: 0 }).state
  assert.equal(spendRetry(traffic), false)
  const { traffic: other } = exchangeOf().state
  assert.equal(spendRetry(other), true)
  assert.deepEqual(
    [traffic.counters.retriesRefused, traffic.counters.retries, other.counters.retries],
    [1, 0, 1],
  )
})
