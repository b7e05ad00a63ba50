import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tailLimits } from '../../../../src/base/limits.ts'
import type { SeenRequests } from '../../../../src/control/requests/request-filter.ts'
import { RequestTail } from '../../../../src/server/access/request-tail.ts'
import { accessEntry } from '../../../support/access-entry.ts'

interface Bench {
  readonly tail: RequestTail
  readonly seen: SeenRequests[]
  /** The last report has been received. */
  received(): void
}

function bench(filters: ConstructorParameters<typeof RequestTail>[0]): Bench {
  const seen: SeenRequests[] = []
  let done = (): void => {}
  const tail = new RequestTail(filters, (report, received) => {
    seen.push(report)
    done = received
  })
  tail.close()
  return { tail, seen, received: () => done() }
}

test('requests that fit are reported, and those beyond the limit are counted', () => {
  const { tail, seen } = bench([{ status: '5xx' }, { node: 'b' }])
  tail.flush()
  assert.equal(seen.length, 0)
  tail.add(accessEntry({ status: 200, route: 'a' }))
  tail.add(accessEntry({ status: 500, route: 'a' }))
  for (let i = 0; i < tailLimits.requestsMax; i++) tail.add(accessEntry({ route: 'b' }))
  tail.flush()
  assert.equal(seen[0]?.requests.length, tailLimits.requestsMax)
  assert.equal(seen[0]?.requests[0]?.status, 500)
  assert.equal(seen[0]?.skipped, 1)
})

test('while a report is on its way, no other one follows', () => {
  const { tail, seen, received } = bench([{}])
  tail.add(accessEntry())
  tail.flush()
  tail.add(accessEntry({ target: `/${'x'.repeat(5_000)}` }))
  tail.flush()
  assert.equal(seen.length, 1)
  received()
  tail.flush()
  assert.equal(seen[1]?.requests[0]?.target.length, tailLimits.textMax)
})
