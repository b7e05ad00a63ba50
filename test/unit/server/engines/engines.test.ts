import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { Registry } from '../../../../src/cluster/registry.ts'
import { Engines } from '../../../../src/server/engines/engines.ts'
import { clusterOf } from '../../../support/cluster-fixture.ts'
import { until } from '../../../support/until.ts'

interface Given {
  readonly engines: Engines
  /** What the engine was told, in order. */
  readonly told: string[]
  /** The nodes become known, or one more. */
  restore(): void
  clock: { ms: number }
}

function prepare(t: TestContext): Given {
  const registry = new Registry({ runId: '1', waitBeforeRemoveMs: 1_000 })
  const clock = { ms: 0 }
  const engines = new Engines({
    cluster: { registry, live: new LiveTable() },
    clock: { now: () => clock.ms, wall: () => clock.ms },
    useAlias: () => false,
    learnMs: 1_000,
  })
  const told: string[] = []
  engines.add({
    start: () => void told.push('start'),
    changed: async (isUrgent) => void told.push(isUrgent ? 'urgent' : 'changed'),
    reports: () => [],
    close: async () => void told.push('close'),
  })
  t.after(() => engines.close())
  return { engines, told, clock, restore: () => void registry.restore(clusterOf([{}]), 0) }
}

test('other proxies get a cluster that is known at the start at once', async (t) => {
  const { engines, told, restore } = prepare(t)
  restore()
  await engines.start()
  await engines.changed([])
  assert.deepEqual(told, ['start', 'changed'])
})

test('other proxies get nothing before nodes have had the time to report', async (t) => {
  const { engines, told, clock, restore } = prepare(t)
  const started = engines.start()
  restore()
  await engines.changed(clusterOf([{}]))
  clock.ms = 999
  await new Promise((resolve) => setTimeout(resolve, 120))
  assert.deepEqual(told, [])
  clock.ms = 1_000
  await started
  assert.deepEqual(told, ['start'])
})

test('other proxies never get an empty cluster at a start', async (t) => {
  const { engines, told, clock, restore } = prepare(t)
  void engines.start()
  clock.ms = 1_000_000
  await new Promise((resolve) => setTimeout(resolve, 120))
  assert.deepEqual(told, [])
  restore()
  await until('they start', () => told.length === 1)
})

test('a wait for knowledge ends with the process', async (t) => {
  const { engines, told } = prepare(t)
  const started = engines.start()
  await engines.close()
  await started
  assert.deepEqual(told, ['close'])
})
