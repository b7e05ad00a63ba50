// `usable` of the front proxy when no node is usable.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { probeLimits } from '../../../src/base/limits.ts'
import { explain } from '../../../src/candidacy/explain.ts'
import { nameOf } from '../../../src/candidacy/figures.ts'
import { usableOrLastResort } from '../../../src/candidacy/last-resort.ts'
import {
  cascadeOf,
  type NodeGiven,
  nodeCandidate,
  type ViewGiven,
  viewOf,
} from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const clock = new ManualClock()
const health = {
  kind: 'down',
  since: 0,
  probes: 0,
  probeAt: 1,
  reason: 'x',
  refused: true,
} as const
const refused = { live: { health } }
const hung = { live: { health: { ...health, refused: false } } }
const left = (given: readonly NodeGiven[], view: ViewGiven = {}): string =>
  usableOrLastResort(
    given.map((each, index) => nodeCandidate(index + 1, each)),
    viewOf(view),
    clock,
  )
    .map(nameOf)
    .join(' ')

test('a node that refused connections is left when no node is usable', () => {
  assert.equal(left([refused, {}]), 'n2')
  assert.equal(left([refused, hung]), 'n1')
  assert.equal(left([refused, { live: { loadFactor: -1 } }]), 'n1')
})

test('it is not when a request can wait for a full node', () => {
  const full = { own: { maxConnections: 1 }, live: { inFlight: 1, inFlightMax: 1 } }
  assert.equal(left([refused, full]), '')
})

test('it is not when it has failed for this request, or an operator has taken it out', () => {
  assert.equal(left([refused, refused], { tried: [1] }), 'n2')
  assert.equal(left([{ ...refused, status: 'STOPPED' }]), '')
  assert.equal(left([{ ...refused, status: 'DISABLED' }]), '')
  assert.equal(left([{ ...refused, status: 'DISABLED' }], { hasSession: true }), 'n1')
})

test('it is left again some time after the last request', () => {
  const at = (lastResortAt: number) => ({ live: { health, lastResortAt } })
  const { lastResortMs } = probeLimits
  clock.advance(10 * lastResortMs)
  const now = clock.now()
  assert.equal(left([at(now - lastResortMs + 1)]), '')
  assert.equal(left([at(now - lastResortMs)]), 'n1')
})

test('an explanation says that it is the last resort', () => {
  const candidates = [nodeCandidate(1, refused), nodeCandidate(2, hung)]
  const { why, winner } = explain(cascadeOf(['usable']), candidates, viewOf(), clock)
  assert.equal(winner, 'n1')
  assert.equal(why, 'no node is usable, so one that refused connections is tried')
})
