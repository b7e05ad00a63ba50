import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WishCount } from '../../../src/agent/wish-count.ts'
import { isOldNews } from '../../../src/cluster/shared/order.ts'

test('each change has a later number than the one before', () => {
  const count = new WishCount(5_000)
  const [first, second] = [count.next(), count.next()]
  assert.deepEqual(second, [5_000, first[1] + 1])
  assert.deepEqual(count.present, second)
})

test('what concerns one proxy alone is old news where the registry is shared', () => {
  const count = new WishCount(5_000)
  assert.ok(isOldNews(count.passedOver, [...count.present, 0]))
})

test('a process whose clock was set back takes a later number than the process before it, once', () => {
  const count = new WishCount(5_000)
  assert.equal(count.outdo([9_000, 7]), true)
  assert.equal(isOldNews(count.present, [9_000, 7, 3]), false)
  assert.equal(count.outdo([9_000, 7]), false)
  const twin = new WishCount(5_000)
  assert.equal(twin.outdo([5_000, 7]), true)
  assert.equal(twin.outdo(twin.present), false)
})
