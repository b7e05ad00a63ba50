// How load factors count in `byRoom`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Share } from '../../../src/candidacy/share.ts'
import { capWaiting, isBehind, isCapped } from '../../../src/candidacy/share-cap.ts'
import { Wish } from '../../../src/cluster/wish.ts'

function constant(factor: number): Wish {
  const wish = new Wish()
  for (let n = 0; n < 6; n++) wish.report(factor)
  return wish
}

function moving(factor: number): Wish {
  const wish = new Wish()
  wish.report(factor)
  return wish
}

test('a constant load factor counts as soon as another is higher', () => {
  assert.ok(!isCapped(constant(90), 90))
  assert.ok(isCapped(constant(89), 90))
})

test('a moving load factor counts below 70 % of the highest', () => {
  assert.ok(!isCapped(moving(64), 90))
  assert.ok(isCapped(moving(62), 90))
})

test('a moving load factor counts only when it is more than ten points below the highest', () => {
  assert.ok(!isCapped(moving(6), 16))
  assert.ok(isCapped(moving(5), 16))
})

test('a node that is behind its share waits for nothing', () => {
  const share = new Share()
  share.earn(0.7)
  assert.equal(capWaiting(constant(50), share, 0.31), 0)
  assert.ok(capWaiting(constant(50), share, 0.29) > 0)
})

test('a node that has had its share waits nine times for a wish, and twice for a measurement', () => {
  assert.equal(capWaiting(constant(50), new Share(), 0.2), 9)
  assert.equal(capWaiting(moving(50), new Share(), 0.2), 2)
})

test('a node gets the share that an administrator has set although others answer sooner, up to ten times', () => {
  const share = new Share()
  share.earn(1)
  assert.ok(isBehind(constant(50), share, 9, 1))
  assert.ok(!isBehind(constant(50), share, 11, 1))
  assert.ok(!isBehind(moving(50), share, 2, 1), 'a measurement is no wish')
  share.spend()
  assert.ok(!isBehind(constant(50), share, 2, 1), 'it has had its share')
})

test('a node makes up for 20 requests, and no more', () => {
  const share = new Share()
  for (let n = 0; n < 100; n++) share.earn(0.5)
  assert.equal(share.credit, 20)
  for (let n = 0; n < 100; n++) share.spend()
  assert.equal(share.credit, -20)
})
