import assert from 'node:assert/strict'
import { test } from 'node:test'
import { History, slots } from '../../../../src/console/model/history.ts'

const none = { requests: [], errors: [], inFlight: [], p50: [], p99: [] }

test('figures that are filled in at once read as if they had been recorded one by one', () => {
  const [one, filled] = [new History(), new History()]
  // More than are kept, with a gap.
  const at = Array.from({ length: slots + 40 }, (_, index) => 1_000 + index + (index > 90 ? 7 : 0))
  const requests = at.map((slot) => (slot % 5 === 0 ? null : slot))
  for (const [index, slot] of at.entries()) one.record(slot, { requests: requests[index] ?? null })
  filled.fill(at, { ...none, requests })
  for (const history of [one, filled]) history.record(filled.last + 2, { requests: 9 })
  assert.equal(filled.last, one.last)
  assert.deepEqual(filled.read('requests', filled.last), one.read('requests', one.last))
  assert.deepEqual(filled.read('p99', filled.last), one.read('p99', one.last))
})

test('after the clock was set back, the newest figures are those that were told last', () => {
  const history = new History()
  history.fill([100, 101, 90, 91], { ...none, requests: [1, 2, 3, 4] })
  assert.deepEqual(history.read('requests', 91, 3), [null, 3, 4])
})
