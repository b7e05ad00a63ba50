// The state of an earlier run.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesFrom } from '../../../src/cluster/changes-from.ts'
import { markRestored, withoutIdleBalancers } from '../../../src/cluster/restored.ts'
import { RegistryBench } from '../../support/registry-bench.ts'

test('balancers without nodes are dropped, and the others are renumbered', () => {
  const before = new RegistryBench({ waitBeforeRemoveMs: 0 })
  for (const name of ['gone', 'one', 'two'])
    before.ok(`CONFIG / JVMRoute=${name}&Host=${name}&Type=http&Balancer=${name}`)
  before.ok('REMOVE-APP /* JVMRoute=gone')
  before.tick()
  before.tick()
  assert.equal(before.registry.snapshot.balancers.size, 3)
  const after = new RegistryBench()
  after.registry.restore(
    withoutIdleBalancers(changesFrom(before.registry.snapshot, before.live)),
    0,
  )
  after.ok('CONFIG / JVMRoute=three&Host=three&Type=http&Balancer=three')
  assert.deepEqual(
    [...after.registry.snapshot.balancers.values()].map(({ name, slot }) => `${slot} ${name}`),
    ['0 one', '1 two', '2 three'],
  )
})

test('nodes are unconfirmed, except fixed ones, and have time to report', () => {
  const bench = new RegistryBench()
  bench.registry.addFixed([{ route: 'fixed', host: 'f', port: 1 }])
  bench.ok('CONFIG / JVMRoute=a&Host=a&Type=http')
  bench.ok('CONFIG / JVMRoute=b&Host=b&Type=http')
  bench.ok('STATUS / JVMRoute=b&Load=5')
  markRestored(bench.registry.snapshot, bench.live, 900)
  const rows = [1, 2, 3].map((id) => bench.live.of(id))
  assert.deepEqual(
    rows.map(({ unconfirmed, statusAt }) => [unconfirmed, statusAt]),
    [
      [false, undefined],
      [true, undefined],
      [true, 900],
    ],
  )
})
