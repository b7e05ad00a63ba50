// What the primary knows of nodes, taken over by other processes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { healthy } from '../../../src/cluster/health.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import { applyFact, factOf, factsFrom } from '../../../src/cluster/live-facts.ts'
import { Registry } from '../../../src/cluster/registry.ts'

const down = { kind: 'down', since: 1, probes: 2, probeAt: 3, reason: 'refused' } as const

test('a node that is down there is down here, and joins anew when it is up again', () => {
  const [there, here] = [new LiveTable().of(1), new LiveTable().of(1)]
  there.health = down
  applyFact(here, factOf(1, there), 100)
  assert.equal(here.health.kind, 'down')
  assert.equal(here.health.kind === 'down' && here.health.reason, 'refused')
  here.joining = false
  there.health = healthy
  applyFact(here, factOf(1, there), 200)
  assert.equal(here.health.kind, 'up')
  assert.equal(here.joining, true)
})

test('a node that reports again joins anew', () => {
  const here = new LiveTable().of(1)
  applyFact(here, { id: 1, silent: true }, 0)
  assert.equal(here.silent, true)
  here.joining = false
  applyFact(here, { id: 1, silent: false }, 0)
  assert.deepEqual([here.silent, here.joining], [false, true])
})

test('a fact that changes nothing leaves the node its place, and a suspicion its count', () => {
  const here = new LiveTable().of(1)
  here.joining = false
  here.health = { kind: 'suspect', failures: 2 }
  applyFact(here, { id: 1, silent: false }, 0)
  assert.deepEqual(here.health, { kind: 'suspect', failures: 2 })
  assert.equal(here.joining, false)
})

test('a process that starts is told of nodes that are down or silent, and of no others', () => {
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
