import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RowSet } from '../../../src/cluster/row-set.ts'
import { seededRandom } from '../../support/seeded-random.ts'

test('a set of rows has the rows of a native set, and its lowest free row', () => {
  const random = seededRandom(5)
  const native = new Set<number>()
  let rows = RowSet.empty
  for (let step = 0; step < 3_000; step += 1) {
    const [gone, taken] = [Math.floor(random() * 300), Math.floor(random() * 300)]
    rows = rows.with([gone], [taken])
    native.delete(gone)
    native.add(taken)
    assert.equal(rows.size, native.size)
    const from = Math.floor(random() * 400)
    let free = from
    while (native.has(free)) free += 1
    assert.equal(rows.lowestFree(from), free)
  }
  for (let row = 0; row < 400; row += 1) assert.equal(rows.has(row), native.has(row))
})

test('a full word of rows is passed over', () => {
  const all = Array.from({ length: 64 }, (_, row) => row)
  assert.equal(RowSet.empty.with([], all).lowestFree(), 64)
  assert.equal(RowSet.empty.with([], all).with([31], []).lowestFree(), 31)
  assert.equal(RowSet.empty.lowestFree(), 0)
})
