import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLimits } from '../../../src/base/limits.ts'
import { ThrottledLog } from '../../../src/base/throttled-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'

test('a warning is written at once, then once in a period with the number suppressed', () => {
  const clock = new ManualClock()
  const log = memoryLog()
  const throttled = new ThrottledLog(log, clock, 'refused')
  for (const remote of ['a', 'b', 'c']) throttled.warn({ remote })
  assert.deepEqual(log.details, [{ remote: 'a' }])
  clock.advance(logLimits.warningEveryMs)
  throttled.warn({ remote: 'd' })
  clock.advance(logLimits.warningEveryMs)
  throttled.warn({ remote: 'e' })
  assert.deepEqual(log.details, [{ remote: 'a' }, { remote: 'd', suppressed: 2 }, { remote: 'e' }])
  assert.deepEqual(new Set(log.messages), new Set(['refused']))
})

test('some lines in a period are written where that is wanted', () => {
  const clock = new ManualClock()
  const log = memoryLog()
  const throttled = new ThrottledLog(log, clock, 'refused', 3)
  for (let i = 0; i < 1_000; i++) throttled.info({ i })
  clock.advance(logLimits.warningEveryMs)
  throttled.info({ i: 1_000 })
  assert.deepEqual(log.details, [{ i: 0 }, { i: 1 }, { i: 2 }, { i: 1_000, suppressed: 997 }])
})
