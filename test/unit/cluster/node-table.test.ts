import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NodeTable } from '../../../src/cluster/node-table.ts'
import { nodeOf } from '../../support/cluster-fixture.ts'

const [a, b] = [nodeOf(1, { port: 1 }), nodeOf(2, { port: 2 })]
const both = NodeTable.empty.with(b).with(a)

test('nodes are in order of their rows, and the lowest free row is reused', () => {
  assert.deepEqual([...both.values()], [a, b])
  assert.deepEqual([...both.keys()], [1, 2])
  assert.deepEqual([...both.without(1)], [[2, b]])
  assert.equal(both.freeSlot, 2)
  assert.equal(both.without(1).freeSlot, 0)
  assert.equal(both.without(7), both)
})

test('a node is found by its route until it is forgotten', () => {
  assert.equal(both.withRoute('n1'), a)
  const marked = { ...a, removal: 'marked' } as const
  assert.equal(both.with(marked).withRoute('n1'), marked)
  const forgotten = both.with({ ...a, removal: 'forgotten' })
  assert.equal(forgotten.withRoute('n1'), undefined)
  assert.equal(forgotten.size, 2)
  const next = nodeOf(3, { route: 'n1', port: 3 })
  assert.equal(forgotten.with(next).without(1).withRoute('n1'), next)
})

test('nodes are found by their address, whatever its case, also after they move', () => {
  const [one, two] = [nodeOf(1, { host: 'Shop', port: 80 }), nodeOf(2, { host: 'shop', port: 80 })]
  const table = NodeTable.empty.with(two).with(one)
  assert.deepEqual(table.at({ host: 'SHOP', port: 80 }), [one, two])
  const moved = table.with({ ...one, port: 81 })
  assert.deepEqual(moved.at({ host: 'shop', port: 80 }), [two])
  assert.deepEqual(moved.without(2).at({ host: 'shop', port: 80 }), [])
})
