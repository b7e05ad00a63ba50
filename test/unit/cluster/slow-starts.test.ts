// Slow starts of fixed nodes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../src/cluster/live.ts'
import { SlowStarts } from '../../../src/cluster/slow-starts.ts'
import { nodeOf, ownOf } from '../../support/cluster-fixture.ts'

const node = nodeOf(1, { own: ownOf({ weight: 80, slowStartMs: 10_000 }) })

function weights(times: readonly number[], upAt: number, followed = node): readonly number[] {
  const live = new LiveTable()
  live.of(1).upAt = upAt
  live.of(1).wish.fix(80)
  const starts = new SlowStarts()
  starts.follow(followed)
  return times.map((now) => {
    starts.tick(live, now)
    return live.of(1).wish.weight
  })
}

test('the weight of a node grows evenly from the moment that it is up', () => {
  assert.deepEqual(weights([1_000, 3_500, 6_000, 11_000, 20_000], 1_000), [4, 20, 40, 80, 80])
})

test('a node that was up before has its whole weight', () => {
  assert.deepEqual(weights([1_000], -50_000), [80])
})

test('a node without a slow start keeps its weight', () => {
  assert.deepEqual(weights([1_000], 1_000, nodeOf(1, { own: ownOf({ weight: 80 }) })), [80])
})

test('the load factor follows, so that the rule of mod_cluster does the same', () => {
  const live = new LiveTable()
  live.of(1).upAt = 0
  const starts = new SlowStarts()
  starts.follow(node)
  starts.tick(live, 5_000)
  assert.equal(live.of(1).loadFactor, 40)
})
