import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawOthers } from '../../../../src/peer/asking/draw.ts'
import { peerCandidate } from '../../../support/candidacy-fixture.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const candidates = [1, 2, 3, 4, 5, 6].map((id) => peerCandidate(id, { isSelf: id === 3 }))
const self = candidates[2]!

test('each other candidate is drawn equally often, at most once, and this server never', () => {
  const random = seededRandom(1)
  const counts = new Map<number, number>()
  for (let i = 0; i < 10_000; i++) {
    const ids = drawOthers(candidates, self, 3, random).map(({ node }) => node.id)
    assert.equal(new Set(ids).size, 3)
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  assert.deepEqual([...counts.keys()].sort(), [1, 2, 4, 5, 6])
  for (const count of counts.values()) assert.ok(Math.abs(count - 6_000) < 200, `${count}`)
})

test('where there are fewer, all are drawn', () => {
  const drawn = drawOthers(candidates.slice(1, 4), self, 3, () => 0.99)
  assert.deepEqual(drawn.map(({ node }) => node.id).sort(), [2, 4])
  assert.deepEqual(
    drawOthers([self], self, 3, () => 0),
    [],
  )
  assert.equal(drawOthers(candidates.slice(3), self, 2, () => 0).length, 2)
})
