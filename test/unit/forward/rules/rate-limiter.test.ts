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
  const limiter = new RateLimiter({ requests: 1, perMs: 3_600_000, burst: 1 }, 4)
  assert.equal(limiter.take('loud', 0), 0)
  for (let i = 0; i < 100; i++) {
    limiter.take(`other ${i}`, i)
    assert.ok(limiter.take('loud', i) > 0)
    assert.ok(limiter.take(`other ${i}`, i) > 0)
    assert.ok(limiter.size <= 4)
  }
})

test('a key for which another one is forgotten costs about as much as any other', () => {
  const limiter = new RateLimiter({ requests: 1, perMs: 1_000, burst: 1 })
  let key = 0
  const costOf = (count: number): number => {
    const from = process.cpuUsage()
    for (const end = key + count; key < end; key++) limiter.take(`key ${key}`, 0)
    const { user, system } = process.cpuUsage(from)
    return (user + system) / count
  }
  const first = costOf(50_000)
  costOf(150_000)
  const later = costOf(50_000)
  // With one table in the order of use it was 100 times as much.
  assert.ok(later < 15 * first, `${later} µs, and ${first} µs for the first ones`)
})
