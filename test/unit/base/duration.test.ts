import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, parseDuration } from '../../../src/base/duration.ts'

test('durations are read in every unit', () => {
  assert.equal(parseDuration('500ms'), 500)
  assert.equal(parseDuration('10s'), 10_000)
  assert.equal(parseDuration('1.5m'), 90_000)
  assert.equal(parseDuration(' 1h '), 3_600_000)
  assert.equal(parseDuration(250), 250)
  assert.equal(parseDuration('0'), 0)
})

test('text that is not a duration is refused', () => {
  for (const text of ['', 's', '-1s', '1 day', '1e3', '10s5', '999999999h', Number.NaN, -5]) {
    assert.equal(parseDuration(text), undefined, String(text))
  }
})

test('a duration is written in the largest unit without a fraction, and read back', () => {
  for (const [ms, text] of [
    [500, '500ms'],
    [10_000, '10s'],
    [60_000, '1m'],
    [90_000, '90s'],
    [3_600_000, '1h'],
  ] as const) {
    assert.equal(formatDuration(ms), text)
    assert.equal(parseDuration(text), ms)
  }
})
