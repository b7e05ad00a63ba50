import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLimits } from '../../../../src/base/limits.ts'
import { RefusalLog } from '../../../../src/forward/shared/refusal-log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { memoryLog } from '../../../support/memory-log.ts'

const slow = { status: 408, code: 'CLIENT_TIMEOUT' }
const full = { status: 503, code: 'PROXY_FULL' }

test('refusals are logged once in a period for each reason, with the number of others', () => {
  const clock = new ManualClock()
  const log = memoryLog()
  const refusals = new RefusalLog(log, clock)
  for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) refusals.write(slow, client)
  refusals.write(full, '192.0.2.4')
  clock.advance(logLimits.warningEveryMs)
  refusals.write(slow, '192.0.2.5')
  assert.deepEqual(log.details, [
    { status: 408, reason: 'CLIENT_TIMEOUT', client: '192.0.2.1' },
    { status: 503, reason: 'PROXY_FULL', client: '192.0.2.4' },
    { status: 408, reason: 'CLIENT_TIMEOUT', client: '192.0.2.5', suppressed: 2 },
  ])
  assert.deepEqual(new Set(log.messages), new Set(['request not served']))
})

test('mistakes of clients are not logged', () => {
  const log = memoryLog()
  const refusals = new RefusalLog(log, new ManualClock())
  for (const status of [400, 404, 431, 501, 505, 508]) refusals.write({ status, code: 'X' }, '::1')
  assert.deepEqual(log.details, [])
})
