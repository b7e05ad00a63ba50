import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt } from '../../../../src/forward/stages/attempt.ts'
import { cut } from '../../../../src/forward/stages/cut.ts'
import { exchangeOf, noReceiver, prepared, requestText } from '../../../support/exchange-fixture.ts'

test('a cut response is counted, and is a failure of the node only if the node broke it off', () => {
  for (const isNodeFault of [true, false]) {
    const request = requestText('GET / HTTP/1.1')
    const fixture = exchangeOf(request)
    const candidate = prepared(fixture, request)
    attempt(fixture.state, candidate, noReceiver)
    cut(fixture.state, 'NODE_CLOSED', isNodeFault)
    assert.equal(fixture.state.traffic.counters.cut, 1)
    assert.equal(candidate.live.failures, isNodeFault ? 1 : 0)
    assert.equal(candidate.live.outlier.errors, isNodeFault ? 1 : 0)
    const failures = candidate.live.recentFailures?.all ?? []
    assert.deepEqual(
      failures.map(({ code, request }) => [code, request]),
      isNodeFault ? [['NODE_CLOSED', 'GET /']] : [],
    )
    assert.deepEqual(fixture.connections[0]?.calls, ['abort'])
  }
})
