import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partOf, wholeShare } from '../../../src/cluster/process-share.ts'

const parts = (limit: number, of: number): readonly number[] =>
  Array.from({ length: of }, (_, index) => partOf(limit, { index, of }))

test('the parts of all processes add up to the limit', () => {
  assert.deepEqual(parts(10, 4), [3, 3, 2, 2])
  assert.deepEqual(parts(8, 4), [2, 2, 2, 2])
  assert.equal(partOf(7, wholeShare), 7)
})

test('with a limit below their number each process has one', () => {
  assert.deepEqual(parts(1, 3), [1, 1, 1])
})

test('0 is no limit', () => assert.deepEqual(parts(0, 2), [Infinity, Infinity]))
