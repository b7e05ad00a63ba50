// What share of the requests a node asks for by its load factor.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Wish } from '../../../src/cluster/wish.ts'

function reported(...factors: readonly number[]): Wish {
  const wish = new Wish()
  for (const factor of factors) wish.report(factor)
  return wish
}

test('a node that has reported nothing asks for as much as any', () => {
  assert.equal(new Wish().weight, 100)
})

test('the first report counts at once, those after it by a tenth', () => {
  assert.equal(reported(40).weight, 40)
  assert.equal(reported(40, 90).weight, 45)
})

test('a load factor is constant once it was the same in six reports, and counts in full', () => {
  const wish = reported(100, 50, 50, 50, 50, 50)
  assert.ok(!wish.isConstant)
  assert.ok(wish.weight > 60)
  wish.report(50)
  assert.ok(wish.isConstant)
  assert.equal(wish.weight, 50)
  wish.report(51)
  assert.ok(!wish.isConstant)
})

test('standby and broken change nothing', () => {
  const wish = reported(50, 50, 50, 50, 50, 50)
  wish.report(0)
  wish.report(-1)
  assert.ok(wish.isConstant)
  assert.equal(wish.weight, 50)
})

test('an operator scales the weight, whatever is reported, as a setting of a person', () => {
  const wish = reported(80)
  wish.scaleTo(0.5)
  assert.equal(wish.weight, 40)
  assert.ok(wish.isConstant)
  wish.report(90)
  assert.equal(wish.weight, 40.5)
  wish.fix(60)
  assert.equal(wish.weight, 30)
  wish.forget()
  assert.equal(wish.weight, 50)
  wish.scaleTo(1)
  assert.equal(wish.weight, 100)
  assert.ok(!wish.isConstant)
})
