// The whole state as changes, applied to an empty snapshot.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesFrom } from '../../../src/cluster/changes-from.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import { applyToLive } from '../../../src/cluster/live-changes.ts'
import { Registry } from '../../../src/cluster/registry.ts'
import {
  applyChange,
  applyChanges,
  type Change,
  emptySnapshot,
  type Snapshot,
} from '../../../src/cluster/snapshot.ts'
import { balancerOf, contextOf, nodeOf } from '../../support/cluster-fixture.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const context = contextOf('/', 'STOPPED')

test('the changes made from a state result in that state', () => {
  const registry = new Registry({ runId: '1' })
  const live = new LiveTable()
  registry.addFixed([
    { route: 'a', host: '127.0.0.1', port: 1 },
    { route: 'b', host: '127.0.0.1', port: 2 },
    { route: 'c', host: '127.0.0.1', port: 3 },
  ])
  registry.dropFixed(new Set(['a', 'b']), 0)
  let before: Snapshot = registry.snapshot
  before = applyChange(before, { kind: 'contexts', id: 2, contexts: [context] })
  live.of(1).loadFactor = 40
  live.of(2).loadFactor = -1

  const changes = changesFrom(before, live)
  const after = changes.reduce(applyChange, emptySnapshot)
  const copy = new LiveTable()
  applyToLive(copy, changes, emptySnapshot)

  assert.deepEqual([...after.balancers], [...before.balancers])
  assert.deepEqual([...after.nodes], [...before.nodes], 'in table order, marked ones included')
  assert.deepEqual([...after.contexts], [...before.contexts])
  assert.deepEqual(
    [1, 2, 3].map((id) => copy.of(id).loadFactor),
    [40, -1, undefined],
  )
})

test('changes survive JSON', () => {
  const registry = new Registry({ runId: '1' })
  registry.addFixed([{ route: 'a', host: '::1', port: 1 }])
  const changes = changesFrom(registry.snapshot, new LiveTable())
  assert.deepEqual(JSON.parse(JSON.stringify(changes)), changes)
})

test('changes that are put in together result in the same state as one after the other', () => {
  const random = seededRandom(5)
  const below = (max: number): number => Math.floor(random() * max)
  const rows = (id: number) => ({ ...contextOf(`/${below(3)}`), slot: id, hostSlot: id })
  const node = (id: number): Change => ({
    kind: 'node',
    node: nodeOf(id, {
      port: 80 + below(3),
      removal: (['none', 'none', 'marked', 'forgotten'] as const)[below(4)] ?? 'none',
    }),
  })
  const change = (): Change => {
    const id = 1 + below(20)
    const route = `n${id}`
    switch (below(7)) {
      case 0:
        return { kind: 'balancer', balancer: balancerOf({ name: `b${id}` }) }
      case 1:
        return { kind: 'balancer-gone', name: `b${id}` }
      case 2:
        return { kind: 'gone', id }
      case 3:
        return { kind: 'contexts', id, contexts: below(4) === 0 ? [] : [rows(id)] }
      case 4:
        return {
          kind: 'orders',
          orders: { route, ...(below(2) === 0 ? { node: 'STOPPED' } : {}), contexts: [] },
        }
      case 5:
        return { kind: 'load', id, factor: below(100) }
      default:
        return node(id)
    }
  }
  for (let round = 0; round < 100; round++) {
    const changes = Array.from({ length: 100 }, change)
    changes.push(node(21), { kind: 'contexts', id: 21, contexts: [rows(21)] })
    const together = applyChanges(emptySnapshot, changes)
    assert.deepEqual(together, changes.reduce(applyChange, emptySnapshot))
    const ids = [...together.nodes.ids()]
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      [...together.nodes.keys()],
    )
  }
})

test('a registry puts restored contexts under the orders that come with them', () => {
  const registry = new Registry({ runId: '1' })
  const changes = registry.restore(
    [
      { kind: 'balancer', balancer: balancerOf() },
      { kind: 'orders', orders: { route: 'n1', node: 'STOPPED', contexts: [] } },
      { kind: 'node', node: nodeOf(1) },
      { kind: 'node', node: nodeOf(2) },
      { kind: 'contexts', id: 1, contexts: [contextOf('/')] },
      { kind: 'contexts', id: 2, contexts: [{ ...contextOf('/'), order: 'STOPPED' }] },
    ],
    0,
  )
  const { contexts } = registry.snapshot
  assert.equal(contexts.get(1)?.[0]?.status, 'STOPPED')
  assert.equal(contexts.get(2)?.[0]?.order, undefined)
  assert.deepEqual(changes.reduce(applyChange, emptySnapshot).contexts, contexts)
})
