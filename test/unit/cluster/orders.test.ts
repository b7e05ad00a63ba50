// Orders of operators beside those for contexts: ejection and weight.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../src/cluster/live.ts'
import { applyToLive } from '../../../src/cluster/live-changes.ts'
import {
  adjusted,
  areEmpty,
  noOrders,
  orderNode,
  underOrders,
} from '../../../src/cluster/orders.ts'
import { applyChange, type Change, emptySnapshot } from '../../../src/cluster/snapshot.ts'
import { contextOf, nodeOf } from '../../support/cluster-fixture.ts'

const route = 'a'

test('an ejected node has its contexts STOPPED, and gets them back as they were', () => {
  const rows = [contextOf('/a'), contextOf('/b')]
  const orders = {
    ...noOrders(route),
    contexts: [{ alias: rows[0]?.alias ?? '', path: '/b', status: 'DISABLED' as const }],
  }
  const statuses = (under: typeof orders) => underOrders(rows, under).map(({ status }) => status)
  const ejected = adjusted(orders, { route, ejected: true })
  assert.deepEqual(statuses(ejected as typeof orders), ['STOPPED', 'STOPPED'])
  const back = adjusted(ejected, { route, ejected: false })
  assert.deepEqual(back, orders)
  assert.deepEqual(statuses(back as typeof orders), ['ENABLED', 'DISABLED'])
})

test('to enable a node readmits it and keeps its weight; a weight of 100 is no order', () => {
  const orders = adjusted(noOrders(route), { route, ejected: true, weight: 30 })
  assert.deepEqual(orderNode(orders, 'DISABLED'), { ...orders, node: 'DISABLED' })
  assert.deepEqual(orderNode(orders, 'ENABLED'), { route, contexts: [], weight: 30 })
  const none = adjusted(orders, { route, ejected: false, weight: 100 })
  assert.deepEqual(none, noOrders(route))
  assert.ok(areEmpty(none))
})

test('a weight is in force for later registrations of the node, in whatever order changes come', () => {
  const node: Change = { kind: 'node', node: nodeOf(1, { route }) }
  const orders: Change = { kind: 'orders', orders: { ...noOrders(route), weight: 25 } }
  for (const changes of [
    [node, orders],
    [orders, node],
  ]) {
    const live = new LiveTable()
    applyToLive(live, changes, emptySnapshot)
    assert.equal(live.of(1).wish.weight, 25)
  }
  const live = new LiveTable()
  const before = applyChange(applyChange(emptySnapshot, node), orders)
  applyToLive(live, [{ kind: 'node', node: nodeOf(2, { route }) }], before)
  assert.equal(live.of(2).wish.weight, 25)
  applyToLive(
    live,
    [{ kind: 'orders', orders: noOrders(route) }],
    applyChange(before, {
      kind: 'node',
      node: nodeOf(2, { route }),
    }),
  )
  assert.equal(live.of(2).wish.weight, 100)
})

test('an order for a node ends its ejection for errors', () => {
  const live = new LiveTable()
  const node: Change = { kind: 'node', node: nodeOf(1, { route }) }
  live.of(1).outlier.until = 99
  const { epoch } = live.of(1)
  applyToLive(live, [{ kind: 'orders', orders: noOrders(route) }], applyChange(emptySnapshot, node))
  assert.equal(live.of(1).outlier.until, 0)
  assert.equal(live.of(1).epoch, epoch + 1)
})
