// Facts about nodes, applied in other processes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthy, unchecked } from '../../../src/cluster/health.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import { applyToLive } from '../../../src/cluster/live-changes.ts'
import { applyFact, factOf, factsFrom } from '../../../src/cluster/live-facts.ts'
import { Registry } from '../../../src/cluster/registry.ts'
import { emptySnapshot } from '../../../src/cluster/snapshot.ts'
import { ownOf } from '../../support/cluster-fixture.ts'

const down = { kind: 'down', since: 1, probes: 2, probeAt: 3, reason: 'refused' } as const

test('a node that is down in one process is down in all, and its epoch is raised when it is up again', () => {
  const [there, here] = [new LiveTable().of(1), new LiveTable().of(1)]
  there.health = down
  applyFact(here, factOf(1, there), 100)
  assert.equal(here.health.kind, 'down')
  assert.equal(here.health.kind === 'down' && here.health.reason, 'refused')
  const { epoch } = here
  there.health = healthy
  applyFact(here, factOf(1, there), 200)
  assert.equal(here.health.kind, 'up')
  assert.equal(here.epoch, epoch + 1)
})

test('a fixed node that is checked in one process is checked in all, and takes part from then on', () => {
  const [there, here] = [new LiveTable().of(1), new LiveTable().of(1)]
  there.health = unchecked
  here.health = unchecked
  applyFact(here, factOf(1, there), 100)
  assert.equal(here.health.kind, 'unchecked')
  const { epoch } = here
  there.health = healthy
  applyFact(here, factOf(1, there), 200)
  assert.deepEqual([here.health.kind, here.epoch, here.upAt], ['up', epoch + 1, 200])
})

test('a process that starts is informed which fixed nodes are checked', () => {
  const registry = new Registry({ runId: '1' })
  const nodes = ['a', 'b'].map((route, at) => ({ route, host: 'h', port: 1 + at, own: ownOf() }))
  const [live, other] = [new LiveTable(), new LiveTable()]
  const changes = registry.addFixed(nodes)
  for (const table of [live, other]) applyToLive(table, changes, emptySnapshot)
  live.of(1).health = healthy
  assert.deepEqual(factsFrom(registry.snapshot, live), [{ id: 1, silent: false }])
  for (const fact of factsFrom(registry.snapshot, live)) applyFact(other.of(fact.id), fact, 0)
  assert.deepEqual(
    [1, 2].map((id) => other.of(id).health.kind),
    ['up', 'unchecked'],
  )
})

test('the epoch of a node that reports again is raised', () => {
  const here = new LiveTable().of(1)
  applyFact(here, { id: 1, silent: true }, 0)
  assert.equal(here.silent, true)
  const { epoch } = here
  applyFact(here, { id: 1, silent: false }, 0)
  assert.deepEqual([here.silent, here.epoch], [false, epoch + 1])
})

test('a fact that changes nothing leaves the epoch and a suspicion unchanged', () => {
  const here = new LiveTable().of(1)
  const { epoch } = here
  here.health = { kind: 'suspect', misses: 2, probeAt: 5 }
  applyFact(here, { id: 1, silent: false }, 0)
  assert.deepEqual(here.health, { kind: 'suspect', misses: 2, probeAt: 5 })
  assert.equal(here.epoch, epoch)
})

test('a process that starts receives the facts about nodes that are down or silent', () => {
  const registry = new Registry({ runId: '1' })
  registry.addFixed(
    ['a', 'b', 'c'].map((route, at) => ({ route, host: '127.0.0.1', port: 1 + at })),
  )
  const live = new LiveTable()
  live.of(1).health = down
  live.of(3).silent = true
  assert.deepEqual(factsFrom(registry.snapshot, live), [
    { id: 1, down: 'refused', silent: false },
    { id: 3, silent: true },
  ])
})
