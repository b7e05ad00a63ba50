// Nodes that fail their clients while the others do not: when they are excluded, and for how long.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  defaultOutlierLimits,
  eject,
  isEjected,
  isNodeError,
  newOutlier,
  type Outlier,
  observe,
  readmit,
} from '../../../src/cluster/outlier.ts'

const limits = {
  ...defaultOutlierLimits,
  responsesMin: 10,
  windowMs: 1_000,
  ejectMs: 1_000,
  ejectMaxMs: 2_500,
}

/** @returns whether one of the responses leads to a comparison. */
function responds(outlier: Outlier, good: number, errors: number, now: number = 0): boolean {
  for (let i = 0; i < good; i++) observe(outlier, false, now, limits)
  let isDue = false
  for (let i = 0; i < errors; i++) isDue = observe(outlier, true, now, limits) || isDue
  return isDue
}

const nodes = (count: number): Outlier[] => Array.from({ length: count }, newOutlier)

test('502, 503 and 504 are errors of the node; what else a client can ask for is not', () => {
  const statuses = [200, 404, 429, 500, 501, 502, 503, 504, 505, 507, 599]
  assert.deepEqual(statuses.filter(isNodeError), [502, 503, 504])
})

describe('a node is compared with the others', () => {
  test('when half of its responses in the window are errors, and not before there are enough', () => {
    assert.equal(responds(newOutlier(), 0, 9), false)
    assert.equal(responds(newOutlier(), 0, 10), true)
    assert.equal(responds(newOutlier(), 11, 10), false)
    assert.equal(responds(newOutlier(), 10, 10), true)
  })

  test('by what the window holds: older errors are forgotten', () => {
    const outlier = newOutlier()
    responds(outlier, 0, 9, 0)
    assert.equal(responds(outlier, 0, 1, 600), true)
    const later = newOutlier()
    responds(later, 0, 9, 0)
    assert.equal(responds(later, 0, 9, 1_600), false)
  })

  test('never where ejection is turned off', () => {
    const outlier = newOutlier()
    const off = { ...limits, responsesMin: 0 }
    for (let i = 0; i < 100; i++) assert.equal(observe(outlier, true, 0, off), false)
  })
})

describe('a node is ejected', () => {
  test('when the others do better', () => {
    const all = nodes(4)
    responds(all[0] as Outlier, 0, 20)
    for (const other of all.slice(1)) responds(other, 20, 1)
    assert.equal(eject(all[0] as Outlier, all, 0, limits), true)
  })

  test('not when the others fail as much: one client asks all of them for errors', () => {
    const all = nodes(4)
    for (const node of all) responds(node, 5, 20)
    for (const node of all) assert.equal(eject(node, all, 0, limits), false)
  })

  test('while at most half of the nodes are out', () => {
    const all = nodes(3)
    for (const node of all.slice(0, 2)) responds(node, 0, 20)
    responds(all[2] as Outlier, 40, 0)
    const ejected = all.map((node) => eject(node, all, 0, limits))
    assert.deepEqual(ejected, [true, false, false])
    assert.equal(all.filter(isEjected).length, 1)
  })

  test('never when it is the only one', () => {
    const alone = newOutlier()
    responds(alone, 0, 50)
    assert.equal(eject(alone, [alone], 0, limits), false)
  })

  test('longer each time up to a bound, until half of a window was good', () => {
    const [outlier, other] = nodes(2) as [Outlier, Outlier]
    const ejectAt = (now: number): number => {
      responds(outlier, 0, 20, now)
      assert.equal(eject(outlier, [outlier, other], now, limits), true)
      const length = outlier.until - now
      readmit(outlier, outlier.until)
      return length
    }
    assert.deepEqual([0, 10_000, 20_000, 30_000].map(ejectAt), [1_000, 2_000, 2_500, 2_500])
    responds(outlier, 20, 1, 40_000)
    responds(outlier, 1, 0, 40_600)
    assert.equal(ejectAt(50_000), 1_000)
  })
})

test('a node returns when its time is over, and not before', () => {
  const [outlier, other] = nodes(2) as [Outlier, Outlier]
  responds(outlier, 0, 20)
  eject(outlier, [outlier, other], 0, limits)
  assert.equal(readmit(outlier, 999), false)
  assert.equal(readmit(outlier, 1_000), true)
  assert.equal(readmit(outlier, 1_001), false)
})
