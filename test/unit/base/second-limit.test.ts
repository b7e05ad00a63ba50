import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SecondLimit } from '../../../src/base/second-limit.ts'

test('so many events are admitted in one second, and as many in the next', () => {
  const limit = new SecondLimit(2)
  assert.deepEqual(
    [5_000, 5_500, 5_999, 6_000, 6_001, 6_002].map((now) => limit.admits(now)),
    [true, true, false, true, true, false],
  )
})
