// How many processors may be kept busy.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cgroup } from '../../../src/host/cgroup.ts'
import { grantedProcessors } from '../../../src/host/processors.ts'

const group = (limit: number | undefined): Cgroup => ({
  version: 2,
  cpu: () => ({ used: 0, limit }),
  memory: () => undefined,
})

const cases: readonly [string, Cgroup | undefined, number, number][] = [
  ['without a control group the machine decides', undefined, 8, 8],
  ['a group without a quota grants all', group(undefined), 8, 8],
  ['a part of a processor counts as one more', group(1.5), 8, 2],
  ['a tenth of a processor is one', group(0.1), 8, 1],
  ['a quota above the machine is the machine', group(64), 4, 4],
]
for (const [name, cgroup, present, expected] of cases) {
  test(name, () => assert.equal(grantedProcessors(cgroup, present), expected))
}
