import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clockText, dayAndClock } from '../../../../src/console/model/format.ts'

test('a time of another day has its date', () => {
  const now = new Date(2026, 10, 30, 0, 5, 0).getTime()
  assert.equal(dayAndClock(now - 60_000, now), clockText(now - 60_000))
  assert.equal(dayAndClock(now - 600_000, now), '29 Nov 23:55:00')
})
