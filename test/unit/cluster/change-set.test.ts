import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangeSet } from '../../../src/cluster/change-set.ts'
import type { Change } from '../../../src/cluster/snapshot.ts'

const load = (id: number, factor: number): Change => ({ kind: 'load', id, factor })
const contexts = (id: number): Change => ({ kind: 'contexts', id, contexts: [] })
const gone = (id: number): Change => ({ kind: 'gone', id })

test('the kinds of change of neighbouring nodes do not replace each other', () => {
  const set = new ChangeSet()
  const changes = Array.from({ length: 50 }, (_, id) => [
    gone(id),
    contexts(id),
    load(id, 7),
  ]).flat()
  for (const change of changes) set.add(change)
  assert.deepEqual(set.flush(), changes)
  assert.deepEqual(set.flush(), [])
})

test('a node that is gone takes its contexts and its load along, and nothing of others', () => {
  const set = new ChangeSet()
  for (const id of [1, 2, 3]) for (const change of [contexts(id), load(id, 5)]) set.add(change)
  set.add(gone(2))
  assert.deepEqual(set.flush(), [contexts(1), load(1, 5), contexts(3), load(3, 5), gone(2)])
})
