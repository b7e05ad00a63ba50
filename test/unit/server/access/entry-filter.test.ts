import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryFilter } from '../../../../src/server/access/entry-filter.ts'

const none = { status: [], slowerThan: 0 }

test('without filters every request has a line, and nothing is asked for each', () => {
  assert.equal(entryFilter(none, Math.random), undefined)
})

test('with filters, requests that fit one of them have a line', () => {
  const fits = entryFilter({ status: ['5xx', '404', '0'], slowerThan: 1_000 }, () => 0)
  const of = (status: number, durationMs: number): boolean | undefined =>
    fits?.({ status, durationMs })
  assert.deepEqual([of(503, 1), of(404, 1), of(0, 1), of(200, 1_000)], [true, true, true, true])
  assert.deepEqual([of(200, 999), of(403, 1)], [false, false])
})

test('of the others, the share of the sample has a line', () => {
  let drawn = 0.2
  const fits = entryFilter({ status: ['5xx'], slowerThan: 0, sample: 0.25 }, () => drawn)
  assert.equal(fits?.({ status: 200, durationMs: 1 }), true)
  drawn = 0.25
  assert.equal(fits?.({ status: 200, durationMs: 1 }), false)
  assert.equal(fits?.({ status: 500, durationMs: 1 }), true)
  assert.equal(
    entryFilter({ ...none, sample: 0 }, () => 0)?.({ status: 500, durationMs: 9 }),
    false,
  )
})
