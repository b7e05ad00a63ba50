// The list of requests through the requests themselves.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HeldRequest, HeldRequests } from '../../../src/cluster/held-requests.ts'

const inOrder = (list: HeldRequests): HeldRequest[] => {
  const found: HeldRequest[] = []
  for (let one = list.oldest; one !== undefined; one = one.newer) found.push(one)
  return found
}

test('requests leave from the middle and from both ends, and the others stay in order', () => {
  const list = new HeldRequests()
  const [a, b, c, d] = Array.from({ length: 4 }, () => new HeldRequest())
  for (const one of [a!, b!, c!, d!]) list.add(one)
  assert.deepEqual(inOrder(list), [a, b, c, d])
  list.delete(b!)
  assert.deepEqual(inOrder(list), [a, c, d])
  list.delete(a!)
  list.delete(d!)
  assert.deepEqual(inOrder(list), [c])
  list.delete(c!)
  assert.equal(list.size, 0)
  assert.equal(list.oldest, undefined)
  list.add(a!)
  assert.deepEqual(inOrder(list), [a])
  assert.equal(a!.older, undefined)
})

test('a request names the list that it is in', () => {
  const list = new HeldRequests()
  const request = new HeldRequest()
  list.add(request)
  assert.equal(request.list, list)
  list.delete(request)
  assert.equal(request.list, undefined)
})
