// The whole state as changes, applied to an empty snapshot.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesFrom } from '../../../src/cluster/changes-from.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import { applyToLive } from '../../../src/cluster/live-changes.ts'
import { Registry } from '../../../src/cluster/registry.ts'
import { applyChange, emptySnapshot, type Snapshot } from '../../../src/cluster/snapshot.ts'
import { contextOf } from '../../support/cluster-fixture.ts'

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
