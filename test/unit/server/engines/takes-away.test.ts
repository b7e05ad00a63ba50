import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyChanges, type Change, emptySnapshot } from '../../../../src/cluster/snapshot.ts'
import { takesAway } from '../../../../src/server/engines/takes-away.ts'
import type { ContextStatus } from '../../../../src/wire/mcmp/context-status.ts'
import { balancerOf, contextOf, nodeOf } from '../../../support/cluster-fixture.ts'

const contexts = (...given: readonly (readonly [string, ContextStatus])[]): Change => ({
  kind: 'contexts',
  id: 1,
  contexts: given.map(([path, status]) => contextOf(path, status)),
})
const before = applyChanges(emptySnapshot, [
  { kind: 'balancer', balancer: balancerOf() },
  { kind: 'node', node: nodeOf(1) },
  contexts(['/a', 'ENABLED'], ['/b', 'DISABLED']),
])

const rows: readonly (readonly [what: string, change: Change, result: boolean])[] = [
  ['DISABLED after ENABLED', contexts(['/a', 'DISABLED'], ['/b', 'DISABLED']), true],
  ['STOPPED after DISABLED', contexts(['/a', 'ENABLED'], ['/b', 'STOPPED']), true],
  ['a context that is removed', contexts(['/a', 'ENABLED']), true],
  ['ENABLED after DISABLED', contexts(['/a', 'ENABLED'], ['/b', 'ENABLED']), false],
  ['a new context', contexts(['/a', 'ENABLED'], ['/b', 'DISABLED'], ['/c', 'STOPPED']), false],
  ['a node in removal', { kind: 'node', node: nodeOf(1, { removal: 'marked' }) }, true],
  ['a node that registers again', { kind: 'node', node: nodeOf(1, { port: 2 }) }, false],
  ['a node that is gone', { kind: 'gone', id: 1 }, true],
  ['a load', { kind: 'load', id: 1, factor: 3 }, false],
]

for (const [what, change, result] of rows)
  test(`other proxies get ${what} ${result ? 'at once' : 'in their turn'}`, () =>
    assert.equal(takesAway(before, [change]), result))
