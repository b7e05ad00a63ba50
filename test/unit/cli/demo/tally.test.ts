// Shares and percentiles of the demo's traffic over its window of ten seconds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tally } from '../../../../src/cli/demo/tally.ts'

test('shares and percentiles come from the window, requests from the whole time', () => {
  let now = 0
  const tally = new Tally({ now: () => now, wall: () => now })
  for (let ms = 1; ms <= 100; ms++) tally.answered('a', ms)
  now = 10_001
  for (let ms = 1; ms <= 30; ms++) tally.answered('a', ms)
  for (let ms = 1; ms <= 10; ms++) tally.answered('b', ms * 10)
  const [a, b, c] = tally.of(['a', 'b', 'c'])
  assert.deepEqual(a, { requests: 130, share: 0.75, p50: 15, p99: 30 })
  assert.deepEqual(b, { requests: 10, share: 0.25, p50: 50, p99: 100 })
  assert.deepEqual(c, { requests: 0, share: 0, p50: undefined, p99: undefined })
})

test('a failure is counted and remembered', () => {
  const tally = new Tally({ now: () => 0, wall: () => 0 })
  tally.failure('GET /: status 503')
  assert.equal(tally.failed, 1)
  assert.equal(tally.requests, 1)
  assert.equal(tally.lastFailure, 'GET /: status 503')
})
