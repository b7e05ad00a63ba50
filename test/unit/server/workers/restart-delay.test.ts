import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workerLimits } from '../../../../src/base/limits.ts'
import { restartDelay } from '../../../../src/server/workers/restart-delay.ts'

test('the delay is 0 after the first short life, and doubles after each further one', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(restartDelay), [0, 0, 100, 200, 400, 800])
})

test('the delay has an upper limit', () => {
  assert.equal(restartDelay(60), workerLimits.restartMsMax)
  assert.equal(restartDelay(100_000), workerLimits.restartMsMax)
})
