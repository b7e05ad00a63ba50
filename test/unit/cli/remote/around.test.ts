import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAround, lastTimeOf } from '../../../../src/cli/remote/around.ts'

const now = new Date(2026, 10, 29, 14, 30, 0).getTime()
const at = (...time: readonly [day: number, hours: number, minutes: number, seconds?: number]) =>
  new Date(2026, 10, time[0], time[1], time[2], time[3] ?? 0).getTime()

test('a time of the day is the last one, of today or of yesterday', () => {
  assert.equal(lastTimeOf('14:05', now), at(29, 14, 5))
  assert.equal(lastTimeOf('14:30:00', now), now)
  assert.equal(lastTimeOf('9:07', now), at(29, 9, 7))
  assert.equal(lastTimeOf('14:31', now), at(28, 14, 31))
  for (const odd of ['', '24:00', '14:60', '14', 'noon', '14:05:60'])
    assert.equal(lastTimeOf(odd, now), undefined, odd)
})

test('events within five minutes are around a time', () => {
  const time = at(29, 14, 5)
  const iso = (ms: number): string => new Date(time + ms).toISOString()
  assert.deepEqual([isAround(iso(-300_000), time), isAround(iso(300_000), time)], [true, true])
  assert.deepEqual([isAround(iso(-300_001), time), isAround(iso(301_000), time)], [false, false])
})
