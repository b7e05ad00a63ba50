import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureLimits } from '../../../src/base/limits.ts'
import { RecentFailures } from '../../../src/cluster/recent-failures.ts'

const failure = (at: number) => ({ at, code: 'NODE_CLOSED', reason: 'x', request: 'GET /' })

test('the last failures are kept, and each is collected once', () => {
  const failures = new RecentFailures()
  assert.deepEqual(failures.collect(), [])
  failures.add(failure(1))
  failures.add(failure(2))
  assert.deepEqual(
    failures.collect().map(({ at }) => at),
    [1, 2],
  )
  assert.deepEqual(failures.collect(), [])
  for (let at = 3; at < 3 + 2 * failureLimits.keptMax; at++) failures.add(failure(at))
  const last = 2 + 2 * failureLimits.keptMax
  assert.equal(failures.all.length, failureLimits.keptMax)
  assert.equal(failures.all.at(-1)?.at, last)
  const collected = failures.collect()
  assert.equal(collected.length, failureLimits.keptMax)
  assert.equal(collected.at(-1)?.at, last)
})
