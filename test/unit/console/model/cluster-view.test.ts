import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiNode } from '../../../../src/console/model/api.ts'
import { ClusterView } from '../../../../src/console/model/cluster-view.ts'
import { slotAt, slotMs } from '../../../../src/console/model/history.ts'
import type { NodeView } from '../../../../src/control/api/node-view.ts'
import { apiNode, PlayedCluster, start } from '../../../support/console-model.ts'

test('the console reads nodes as the API sends them', () => {
  // Checked by the compiler: each field that the console reads is there, with its type.
  const read: (report: NodeView) => ApiNode = (report) => report
  assert.equal(typeof read, 'function')
})

test('a message changes the fields that it names, and keeps the others', () => {
  const cluster = new PlayedCluster([apiNode('b'), apiNode('a', { inFlight: 3, sessions: 2 })])
  const { view } = cluster
  assert.deepEqual(
    view.nodes.map(({ fields }) => fields.route),
    ['a', 'b'],
  )
  cluster.tell([{ route: 'a', inFlight: 4 }])
  const { inFlight, sessions } = view.node('a')?.fields ?? apiNode('none')
  assert.deepEqual([inFlight, sessions, view.inFlight], [4, 2, 4])
})

test('each five seconds the figures become part of the ten minutes', () => {
  const cluster = new PlayedCluster([apiNode('a', { perSecond: 20, p99Ms: 7, inFlight: 3 })], {
    perSecond: 25,
  })
  cluster.play(10)
  cluster.tell([{ route: 'a', perSecond: 0, p99Ms: null }])
  cluster.play(5)
  const slot = slotAt(cluster.at) - 1
  const { history } = cluster.view.node('a') ?? assert.fail('no node')
  assert.deepEqual(history.read('requests', slot, 4), [20, 20, 20, 0])
  assert.deepEqual(history.read('p99', slot, 3), [7, 7, null])
  assert.deepEqual(history.read('inFlight', slot, 2), [3, 3])
  assert.deepEqual(cluster.view.history.read('requests', slot, 2), [25, 25])
})

test('the ten minutes before the page was opened are those of the proxy', () => {
  const cluster = new PlayedCluster([])
  const columns = {
    perSecond: [10, 12, null],
    errorsPerSecond: [0, 1, null],
    p50Ms: [2, 3, null],
    p99Ms: [20, 30, null],
    inFlight: [1, 2, 0],
  }
  const at = [3, 2, 1].map((back) => new Date(start - (back - 1) * slotMs).toISOString())
  cluster.view.load({ at, traffic: columns, nodes: [{ route: 'a', ...columns }] })
  cluster.tell([apiNode('a', { perSecond: 14 })], { perSecond: 15 })
  cluster.play(6)
  const slot = slotAt(cluster.at) - 1
  const { history } = cluster.view.node('a') ?? assert.fail('no node')
  assert.deepEqual(history.read('requests', slot, 4), [10, 12, null, 14])
  assert.deepEqual(cluster.view.history.read('p99', slot, 4), [20, 30, null, null])
})

test('the growth of counters is that of the last minute, and begins anew with the node', () => {
  const cluster = new PlayedCluster([apiNode('a')])
  cluster.play(120, (second) =>
    cluster.tell([{ route: 'a', elected: second * 20, errors: second }]),
  )
  assert.deepEqual(cluster.view.node('a')?.minute, { requests: 1_200, failures: 0, errors: 60 })
  cluster.tell([], {}, ['a'])
  assert.equal(cluster.view.nodes.length, 0)
  cluster.tell([apiNode('a', { elected: 5 })])
  cluster.play(10, (second) => cluster.tell([{ route: 'a', elected: 5 + second * 10 }]))
  assert.equal(cluster.view.node('a')?.minute.requests, 50)
})

test('a node that has left keeps its history for ten minutes', () => {
  const cluster = new PlayedCluster([apiNode('a', { perSecond: 20 })])
  cluster.play(10)
  cluster.tell([], {}, ['a'])
  cluster.play(490)
  cluster.tell([apiNode('a')])
  const { history } = cluster.view.node('a') ?? assert.fail('no node')
  assert.ok(history.read('requests', slotAt(cluster.at) - 1).includes(20))
  cluster.tell([], {}, ['a'])
  cluster.play(620)
  assert.equal(cluster.view.node('a'), undefined)
})

test('the clock of the proxy counts, not that of the reader', () => {
  const view = new ClusterView()
  view.apply({ at: new Date(start).toISOString(), nodes: [], gone: [], traffic: {} }, start - 7_000)
  assert.equal(view.now(start - 6_000), start + 1_000)
})
