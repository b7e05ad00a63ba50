import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observeOutcome } from '../../../../src/forward/stages/outlier.ts'
import {
  type ExchangeGiven,
  exchangeOf,
  requestText,
  routed,
} from '../../../support/exchange-fixture.ts'

/** Twenty errors at the first node, for requests with this Cookie. */
function failing(cookie: string, given: ExchangeGiven = { nodes: [{}, {}] }) {
  const fixture = exchangeOf(requestText('GET / HTTP/1.1', `Cookie: ${cookie}`), given)
  const [candidate] = routed(fixture)
  assert.ok(candidate !== undefined)
  for (let i = 0; i < 20; i++) observeOutcome(fixture.state, candidate, true)
  const { counters } = fixture.state.traffic
  return { isEjected: candidate.live.outlier.until > 0, counters, messages: fixture.log.messages }
}

test('a node that fails beside a good one is ejected, counted and logged', () => {
  const { isEjected, counters, messages } = failing('a=b')
  assert.equal(isEjected, true)
  assert.equal(counters.ejections, 1)
  assert.deepEqual(messages, ['node ejected'])
})

test('the only node of a balancer is never ejected', () => {
  const { isEjected, counters, messages } = failing('a=b', { nodes: [{}] })
  assert.deepEqual([isEjected, counters.ejections, messages], [false, 0, []])
})

test('requests that are bound to the node by their session do not count', () => {
  assert.equal(failing('JSESSIONID=x.n1').isEjected, false)
  assert.equal(failing('JSESSIONID=x.n2').isEjected, true)
})
