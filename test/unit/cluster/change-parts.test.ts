import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partEnd } from '../../../src/cluster/change-parts.ts'
import type { Change } from '../../../src/cluster/snapshot.ts'
import { contextOf, nodeOf } from '../../support/cluster-fixture.ts'

/** As one node takes the place of another. */
const replaced = (id: number): Change[] => [
  { kind: 'gone', id },
  { kind: 'node', node: nodeOf(id + 1_000) },
  { kind: 'contexts', id: id + 1_000, contexts: [contextOf('/')] },
]

test('parts have all changes in order, and a node that takes the place of another has its contexts in the same part', () => {
  const changes = Array.from({ length: 100 }, (_, index) => replaced(index + 1)).flat()
  const parts: Change[][] = []
  for (let from = 0; from < changes.length; ) {
    const end = partEnd(changes, from)
    parts.push(changes.slice(from, end))
    from = end
  }
  assert.deepEqual(parts.flat(), changes)
  assert.ok(parts.length > 5 && parts.every(({ length }) => length <= 34))
  assert.ok(parts.every((part) => part[0]?.kind === 'gone' && part.at(-1)?.kind === 'contexts'))
})
