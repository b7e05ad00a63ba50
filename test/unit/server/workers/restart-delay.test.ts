// A worker is replaced at once, a series of crashes slower and slower.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerLimits } from '../../../../src/base/limits.ts'
import { restartDelay } from '../../../../src/server/workers/restart-delay.ts'

test('the first short life costs no wait, each one after it twice the wait before', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(restartDelay), [0, 0, 100, 200, 400, 800])
})

test('the wait has an upper end', () => {
  assert.equal(restartDelay(60), workerLimits.restartMsMax)
  assert.equal(restartDelay(100_000), workerLimits.restartMsMax)
})
