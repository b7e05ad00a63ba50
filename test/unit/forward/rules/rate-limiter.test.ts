// Token buckets by key.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimiter } from '../../../../src/forward/rules/rate-limiter.ts'

test('a burst passes at once, then as many as the rate allows', () => {
  const limiter = new RateLimiter({ requests: 10, perMs: 1_000, burst: 3 })
  const at = (now: number): number => limiter.take('a', now)
  assert.deepEqual([at(5_000), at(5_000), at(5_000)], [0, 0, 0])
  assert.ok(Math.abs(at(5_000) - 100) < 0.01)
  // A refused request takes nothing.
  assert.ok(Math.abs(at(5_050) - 50) < 0.01)
  assert.equal(at(5_100), 0)
  assert.ok(at(5_100) > 0)
  assert.deepEqual([at(9_000), at(9_000), at(9_000)], [0, 0, 0])
})

test('in the long run the rate holds, whatever the time between requests', () => {
  const limiter = new RateLimiter({ requests: 3, perMs: 1_000, burst: 1 })
  let passed = 0
  for (let now = 0; now < 100_000; now += 7) if (limiter.take('a', now) === 0) passed++
  assert.ok(passed > 290 && passed <= 301, String(passed))
})

test('the table is bounded, and keeps the keys that are used', () => {
  const limiter = new RateLimiter({ requests: 1, perMs: 3_600_000, burst: 1 }, 3)
  assert.equal(limiter.take('loud', 0), 0)
  for (let i = 0; i < 100; i++) {
    limiter.take(`other ${i}`, i)
    assert.ok(limiter.take('loud', i) > 0)
  }
  assert.equal(limiter.size, 3)
})
