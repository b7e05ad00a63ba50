import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetsOf } from '../../../src/agent/targets-of.ts'

test('a target belongs to the longest context that it lies in', () => {
  const paths = ['/', '/shop', '/shop/admin/']
  const shop = targetsOf('/shop', paths)
  const root = targetsOf('/', paths)
  for (const target of ['/shop', '/shop/', '/shop?x=/', '/shop/cart', '//shop/a', '/shop;s=1/a'])
    assert.deepEqual([shop(target), root(target)], [true, false], target)
  for (const target of ['/', '/shopping', '/other/shop', '*', '/shop/../other'])
    assert.deepEqual([shop(target), root(target)], [false, true], target)
  assert.equal(shop('http://shop.test/shop/a'), true)
  assert.equal(root('http://shop.test?x=/shop'), true)
  assert.equal(shop('/shop/admin/x'), false)
  assert.equal(targetsOf('/shop/admin/', paths)('/shop/admin/x'), true)
})

test('without the root, other targets belong to no context', () => {
  assert.equal(targetsOf('/a', ['/a', '/b'])('/c'), false)
})
