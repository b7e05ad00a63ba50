// The estimated number of sessions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SessionCount } from '../../../src/cluster/session-count.ts'

const minute = 60_000

function seen(ids: readonly string[], at: number, count: SessionCount = new SessionCount()) {
  for (const id of ids) count.note(id, at)
  return count
}

const many = (n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${((i + 1) * 2_654_435_761).toString(36)}.node`)

test('a few sessions are counted exactly, however many requests they have', () => {
  const count = seen(['a.n1', 'b.n1', 'a.n1', 'a.n2', 'c'], 0)
  assert.equal(count.count(0), 3)
  assert.equal(new SessionCount().count(0), 0)
})

test('thousands of sessions are counted within a few percent', () => {
  for (const n of [1_000, 10_000, 40_000]) {
    const counted = seen(many(n), 0).count(0)
    assert.ok(Math.abs(counted - n) < n * 0.05, `${n}: ${counted}`)
  }
})

test('a session without requests is forgotten within five minutes, one with requests is not', () => {
  const count = seen(['a', 'b'], 0)
  seen(['b'], 2 * minute, count)
  assert.equal(count.count(2 * minute), 2)
  seen(['b'], 4 * minute, count)
  assert.equal(count.count(4 * minute), 2)
  assert.equal(count.count(5 * minute), 1)
  assert.equal(count.count(10 * minute), 0)
})

test('only new sessions of a window are reported, once', () => {
  const count = seen(['a', 'b'], 0)
  assert.equal(count.collectFresh().length, 2)
  seen(['a', 'c'], 1, count)
  assert.equal(count.collectFresh().length, 1)
  assert.equal(count.collectFresh().length, 0)
})
