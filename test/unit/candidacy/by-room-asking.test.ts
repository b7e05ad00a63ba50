import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Inquiry } from '../../../src/candidacy/candidacy.ts'
import { explain } from '../../../src/candidacy/explain.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import { cascadeOf, peerCandidate, viewOf } from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const cascade = cascadeOf(['byRoom'])
const clock = new ManualClock()

function peers(inHand: number) {
  const candidates = [1, 2, 3, 4, 5].map((id) => peerCandidate(id, { isSelf: id === 2 }))
  const self = candidates[1]!
  for (let i = 0; i < inHand; i++) self.live.room.begin(new HeldRequest(), 0)
  const inquiry: Inquiry = { usualMs: 10, among: undefined }
  return { candidates, self, inquiry, view: viewOf({ self, inquiry }) }
}

test('a server with room keeps itself, and no peer is to be asked', () => {
  const { candidates, self, inquiry, view } = peers(0)
  assert.deepEqual(cascade.run(candidates, view, clock), [self])
  assert.equal(inquiry.among, undefined)
})

test('a server without room leaves the choice to the answers of its peers', () => {
  const { candidates, inquiry, view } = peers(1)
  cascade.run(candidates, view, clock)
  assert.equal(inquiry.among, candidates)
})

test('where this server is no candidate, or the only one, no peer is to be asked', () => {
  const { candidates, self, inquiry, view } = peers(1)
  const others = candidates.filter((candidate) => candidate !== self)
  assert.equal(cascade.run(others, view, clock).includes(self), false)
  assert.deepEqual(cascade.run([self], view, clock), [self])
  assert.equal(inquiry.among, undefined)
})

test('an explanation says whether peers are asked, and changes nothing', () => {
  const free = peers(0)
  const { winner, why } = explain(cascade, free.candidates, free.view, clock)
  assert.equal(winner, 'p2')
  assert.match(
    why,
    /^byRoom chose this server, which has room, so no peer is asked; one more .* room for 1,/,
  )
  const full = peers(1)
  assert.match(
    explain(cascade, full.candidates, full.view, clock).why,
    /^byRoom asks 3 of 4 peers how much room they have; .*1 request in hand, room for 1,/,
  )
  assert.equal(full.inquiry.among, undefined)
})
