// State of candidacy functions beside the live numbers of the nodes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NodeState } from '../../../src/candidacy/node-state.ts'
import { LiveTable } from '../../../src/cluster/live.ts'

test('each function has a state of its own for each node', () => {
  const [first, second] = [new NodeState(() => ({ n: 1 })), new NodeState(() => ({ n: 2 }))]
  const table = new LiveTable()
  second.of(table.of(1)).n = 20
  first.of(table.of(2)).n = 10
  const states = [1, 2].map((id) => [first.of(table.of(id)).n, second.of(table.of(id)).n])
  assert.deepEqual(states, [
    [1, 20],
    [10, 2],
  ])
  assert.equal(first.of(table.of(1)), first.of(table.of(1)))
})

test('the state is dropped with the node', () => {
  const state = new NodeState(() => ({ n: 0 }))
  const table = new LiveTable()
  state.of(table.of(1)).n = 5
  table.forget(1)
  assert.equal(state.of(table.of(1)).n, 0)
})

test('two tables in one process, each with a node of the same id, share nothing', () => {
  const state = new NodeState(() => ({ n: 0 }))
  const [here, there] = [new LiveTable(), new LiveTable()]
  state.of(here.of(1)).n = 5
  assert.equal(state.of(there.of(1)).n, 0)
})
