import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mcmpLimits } from '../../../src/base/limits.ts'
import { ThrottledLog } from '../../../src/control/throttled-log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'

test('a warning is written at once, then once in a period with the number suppressed', () => {
  const clock = new ManualClock()
  const log = memoryLog()
  const throttled = new ThrottledLog(log, clock, 'refused')
  for (const remote of ['a', 'b', 'c']) throttled.warn({ remote })
  assert.deepEqual(log.details, [{ remote: 'a' }])
  clock.advance(mcmpLimits.warningEveryMs)
  throttled.warn({ remote: 'd' })
  clock.advance(mcmpLimits.warningEveryMs)
  throttled.warn({ remote: 'e' })
  assert.deepEqual(log.details, [{ remote: 'a' }, { remote: 'd', suppressed: 2 }, { remote: 'e' }])
  assert.deepEqual(new Set(log.messages), new Set(['refused']))
})
