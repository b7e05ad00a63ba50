// Rendezvous hashing of session keys.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byKey, hashOf } from '../../../src/candidacy/affinity.ts'
import type { Candidate } from '../../../src/candidacy/candidacy.ts'
import { cascadeOf, nodeCandidate, viewOf } from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const keys = Array.from({ length: 2_000 }, (_, index) => hashOf(`session ${index}`))
const five = [1, 2, 3, 4, 5].map((id) => nodeCandidate(id))
const chosen = (candidates: readonly Candidate[], key: number, domain = ''): number | undefined =>
  byKey(candidates, key, domain)[0]?.node.id

test('the keys are spread evenly, whatever the order of the candidates', () => {
  const counts = new Map<number, number>()
  for (const key of keys) {
    const id = chosen(five, key) ?? 0
    assert.equal(chosen(five.toReversed(), key), id)
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  for (const { node } of five) {
    const count = counts.get(node.id) ?? 0
    assert.ok(count > 320 && count < 480, `${node.route}: ${count} of 2000`)
  }
})

test('when a candidate leaves, its own keys move and no others', () => {
  const left = five.filter(({ node }) => node.id !== 3)
  const moved = new Set<number>()
  for (const key of keys) {
    const [before, after] = [chosen(five, key), chosen(left, key)]
    if (before === 3) moved.add(after as number)
    else assert.equal(after, before)
  }
  assert.equal(moved.size, 4)
})

test('a domain and nodes that take part come first', () => {
  const [a, b, c] = [
    nodeCandidate(1, { domain: 'east' }),
    nodeCandidate(2, { domain: 'west' }),
    nodeCandidate(3, { domain: 'west', factor: 0 }),
  ] as const
  for (const key of keys.slice(0, 50)) {
    assert.equal(chosen([a, b, c], key, 'east'), 1)
    assert.equal(chosen([a, b, c], key, 'west'), 2)
    assert.equal(chosen([a, c], key, 'west'), 3)
    assert.notEqual(chosen([a, b, c], key, 'north'), 3)
    assert.equal(chosen([c], key), 3)
  }
})

test('bySession follows the key where the session has no node, or that is gone', () => {
  const cascade = cascadeOf(['usable', 'bySession'])
  const clock = new ManualClock()
  const first = (given: Parameters<typeof viewOf>[0]): number | undefined =>
    cascade.run(five, viewOf(given), clock)[0]?.node.id
  for (const affinity of keys.slice(0, 50)) {
    const expected = chosen(five, affinity)
    assert.equal(first({ affinity }), expected)
    assert.equal(first({ affinity, balancer: { sticky: false } }), expected)
    assert.equal(first({ affinity, route: 'n4' }), 4)
    const left = five.filter(({ node }) => node.id !== 4)
    assert.equal(first({ affinity, route: 'n4', tried: [4] }), chosen(left, affinity))
  }
})
