import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defaultOutlierLimits,
  eject,
  isEjected,
  newOutlier,
  type Outlier,
  observeStatus,
  release,
} from '../../../src/cluster/outlier.ts'

const limits = { ...defaultOutlierLimits, errorsMax: 3, ejectMs: 1_000, ejectMaxMs: 2_500 }

const failing = (outlier: Outlier, times: number): boolean[] =>
  Array.from({ length: times }, () => observeStatus(outlier, 503, limits))

test('a node earns its ejection by the third error in a row', () => {
  assert.deepEqual(failing(newOutlier(), 3), [false, false, true])
})

test('a good answer in between starts the count again', () => {
  const outlier = newOutlier()
  failing(outlier, 2)
  observeStatus(outlier, 404, limits)
  assert.deepEqual(failing(outlier, 2), [false, false])
})

test('at most half of the nodes are ejected at once', () => {
  const nodes = [newOutlier(), newOutlier(), newOutlier()]
  const ejected = nodes.map((node) => eject(node, nodes, 0, limits))
  assert.deepEqual(ejected, [true, false, false])
  assert.equal(nodes.filter(isEjected).length, 1)
})

test('the only node is never ejected', () => {
  const alone = newOutlier()
  assert.equal(eject(alone, [alone], 0, limits), false)
})

test('ejections grow longer, up to a bound, until an answer is good again', () => {
  const outlier = newOutlier()
  const nodes = [outlier, newOutlier()]
  const lengths = [0, 10_000, 20_000, 30_000].map((now) => {
    eject(outlier, nodes, now, limits)
    const length = outlier.until - now
    release(outlier, outlier.until)
    return length
  })
  assert.deepEqual(lengths, [1_000, 2_000, 2_500, 2_500])
  observeStatus(outlier, 200, limits)
  eject(outlier, nodes, 40_000, limits)
  assert.equal(outlier.until, 41_000)
})

test('a node comes back when its time is over, and not before', () => {
  const outlier = newOutlier()
  eject(outlier, [outlier, newOutlier()], 0, limits)
  assert.equal(release(outlier, 999), false)
  assert.equal(release(outlier, 1_000), true)
  assert.equal(release(outlier, 1_001), false)
})
