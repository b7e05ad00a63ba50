import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median } from '../../../bench/support/median.ts'

test('the median is the middle one, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 100]), 9)
  assert.equal(median([4, 1, 100, 2]), 3)
  assert.ok(Number.isNaN(median([])))
})
