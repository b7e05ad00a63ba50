import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterCounted,
  afterProxy,
  afterUncounted,
  compareOrder,
  isOldNews,
} from '../../../../src/cluster/shared/order.ts'

test('a message of an earlier change or an earlier process is old news', () => {
  assert.equal(isOldNews([100, 2], undefined), false)
  assert.equal(isOldNews([100, 2], [100, 3, 0]), true)
  assert.equal(isOldNews([100, 3], [100, 3, 7]), false)
  assert.equal(isOldNews([99, 9], [100, 3, 0]), true)
  assert.equal(isOldNews([101, 0], [100, 3, 0]), false)
})

test('each state is later than the one that it was made from, whatever the clock says', () => {
  const known = [1_000, 4, 2] as const
  for (const now of [0, 1_000, 5_000]) {
    assert.ok(compareOrder(afterUncounted(now, known), known) > 0)
    assert.ok(compareOrder(afterProxy(now, known), known) > 0)
  }
  assert.ok(compareOrder(afterCounted([1_000, 4], known), known) > 0)
  assert.ok(compareOrder(afterCounted([1_000, 5], known), known) > 0)
})

test('what a proxy does to a node is no reason to pass over its next message', () => {
  const removed = afterProxy(9_000, [1_000, 4, 0])
  assert.equal(isOldNews([1_000, 4], removed), false)
  assert.equal(isOldNews([1_000, 5], removed), false)
})
