import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureLog } from '../../../src/candidacy/failure-log.ts'
import { memoryLog } from '../../support/memory-log.ts'

test('the 1st, 2nd, 4th and 8th failure of a function are logged', () => {
  const log = memoryLog()
  let failures = 0
  const failed = failureLog(log, () => ++failures)
  for (let i = 0; i < 12; i++) failed('byRack', new Error('no rack'))
  assert.deepEqual(
    log.details,
    [1, 2, 4, 8].map((count) => ({ name: 'byRack', failures: count, reason: 'Error: no rack' })),
  )
})
