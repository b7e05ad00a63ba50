// `usable`: full nodes, backups, and nodes that have not been checked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explain } from '../../../src/candidacy/explain.ts'
import { nameOf } from '../../../src/candidacy/figures.ts'
import { fullAmong, usable } from '../../../src/candidacy/usable.ts'
import { unchecked } from '../../../src/cluster/health.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import {
  cascadeOf,
  type NodeGiven,
  nodeCandidate,
  type ViewGiven,
  viewOf,
} from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const clock = new ManualClock()
const down = { kind: 'down', since: 0, probes: 0, probeAt: 1, reason: 'refused' } as const
const nodes = (...given: readonly NodeGiven[]): readonly Candidate[] =>
  given.map((each, index) => nodeCandidate(index + 1, each))
const left = (candidates: readonly Candidate[], view: ViewGiven = {}): string =>
  usable(candidates, viewOf(view), clock).map(nameOf).join(' ')

const backup = { own: { backup: true } }
const full = { own: { maxConnections: 1 }, live: { inFlight: 1, inFlightMax: 1 } }
const fullWithQueue = { ...full, live: { ...full.live, queueMax: 1 } }
const notChecked = { own: {}, live: { health: unchecked } }

test('a backup is left only while no other node is usable', () => {
  assert.equal(left(nodes({}, backup)), 'n1')
  assert.equal(left(nodes(backup, { live: { health: down } }, backup)), 'n1 n3')
  assert.equal(left(nodes({}, backup), { tried: [1] }), 'n2')
})

test('a session stays at a backup that has it', () => {
  assert.equal(left(nodes({}, backup), { route: 'n2' }), 'n1 n2')
})

test('nodes that are checked are preferred to those that are not, and those to backups', () => {
  assert.equal(left(nodes(notChecked, {})), 'n2')
  assert.equal(left(nodes(notChecked, backup)), 'n1')
  assert.equal(left(nodes({ ...notChecked, own: { awaitsCheck: false } }, {})), 'n1 n2')
  assert.equal(left(nodes(notChecked, notChecked)), 'n1 n2')
})

test('the key of a session chooses among checked nodes and others alike, but not among backups', () => {
  assert.equal(left(nodes(notChecked, {}), { affinity: 7 }), 'n1 n2')
  assert.equal(left(nodes(notChecked, backup), { affinity: 7 }), 'n1')
})

test('a full node is dropped, except for its sessions', () => {
  assert.equal(left(nodes(full, {})), 'n2')
  assert.equal(left(nodes(full, {}), { route: 'n1' }), 'n1 n2')
})

test('a node with requests in its queue is full for others until these have had their turn', () => {
  const waitedFor = { own: {}, live: { inFlight: 0, inFlightMax: 1, awaited: 1 } }
  assert.equal(left(nodes(waitedFor, {})), 'n2')
  assert.equal(left(nodes(waitedFor, {}), { isQueued: true }), 'n1 n2')
})

test('a request waits for a full node before it goes to a backup, while the queue has room', () => {
  assert.equal(left(nodes(fullWithQueue, backup)), '')
  assert.equal(left(nodes(full, backup)), 'n2')
  const waiting = { ...fullWithQueue, live: { ...fullWithQueue.live, waiting: 1 } }
  assert.equal(left(nodes(waiting, backup)), 'n2')
})

test('a request can wait for full nodes that would be usable', () => {
  const names = (candidates: readonly Candidate[]): string =>
    fullAmong(candidates, viewOf()).map(nameOf).join(' ')
  assert.equal(names(nodes(full, fullWithQueue, {})), 'n1 n2')
  assert.equal(names(nodes({ ...full, live: { ...full.live, health: down } })), '')
  assert.equal(names(nodes(full, { ...full, own: { backup: true } })), 'n1')
})

test('an explanation says why each node was dropped', () => {
  const candidates = nodes({}, backup, full, { ...notChecked }, { live: { health: down } })
  const { steps, why } = explain(cascadeOf(['usable']), candidates, viewOf(), clock)
  assert.deepEqual(
    steps[0]?.reasons.map((reason) => reason.why),
    [
      'n2: a backup, and a node is usable that is none',
      'n3: full (1 of 1 requests, 0 in its queue)',
      'n4: not checked yet, and another node is',
      'n5: down (refused)',
    ],
  )
  assert.equal(why, 'n1 is the only usable one of 5')
})
