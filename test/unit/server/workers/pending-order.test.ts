import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../src/cluster/snapshot.ts'
import { readConfig } from '../../../../src/config/config.ts'
import { trafficSettings } from '../../../../src/config/traffic-settings.ts'
import type { PlaneSettings } from '../../../../src/server/data-plane.ts'
import { PendingOrder } from '../../../../src/server/workers/pending-order.ts'

const config = readConfig({ environment: {}, flags: [] })
assert.ok(config.ok)
const tls = {
  traffic: undefined,
  addresses: {},
  control: undefined,
  xds: undefined,
  nodes: {},
  ruleFiles: {},
  certificates: [],
  files: new Map(),
}
const settings: PlaneSettings = {
  settings: trafficSettings(config.config, tls, 'topspin-1'),
  accessLog: config.config.accessLog,
  tracing: config.config.tracing,
  level: 'info',
  workers: 1,
  leaveMs: 0,
}

const load = (id: number, factor: number): Change => ({ kind: 'load', id, factor })

test('later changes of the same thing replace earlier ones', () => {
  const pending = new PendingOrder()
  for (let factor = 1; factor <= 100; factor += 1) {
    pending.add({ changes: [load(1, factor), load(2, factor)], facts: [] })
    pending.add({ changes: [{ kind: 'contexts', id: 1, contexts: [] }], facts: [] })
  }
  assert.deepEqual(pending.flush().changes, [
    load(1, 100),
    load(2, 100),
    { kind: 'contexts', id: 1, contexts: [] },
  ])
})

test('of facts about a node the last one counts', () => {
  const pending = new PendingOrder()
  pending.add({ changes: [], facts: [{ id: 1, down: 'refused', silent: false }] })
  pending.add({ changes: [], facts: [{ id: 1, silent: true }] })
  assert.deepEqual(pending.flush().facts, [{ id: 1, silent: true }])
})

test('of a node that is gone nothing else is sent', () => {
  const pending = new PendingOrder()
  pending.add({ changes: [load(1, 5), load(2, 6)], facts: [{ id: 1, silent: true }] })
  pending.add({ changes: [{ kind: 'contexts', id: 1, contexts: [] }], facts: [] })
  pending.add({ changes: [{ kind: 'gone', id: 1 }], facts: [] })
  const { changes, facts } = pending.flush()
  assert.deepEqual(changes, [load(2, 6), { kind: 'gone', id: 1 }])
  assert.deepEqual(facts, [])
})

test('a balancer that is forgotten replaces its settings', () => {
  const pending = new PendingOrder()
  pending.add({ changes: [{ kind: 'balancer-gone', name: 'b' }], facts: [] })
  pending.add({ changes: [{ kind: 'balancer-gone', name: 'b' }], facts: [] })
  assert.equal(pending.flush().changes.length, 1)
})

test('an order that was taken is not sent again', () => {
  const pending = new PendingOrder()
  pending.add({ changes: [load(1, 5)], facts: [] })
  pending.flush()
  assert.deepEqual(pending.flush(), { changes: [], facts: [] })
})

test('of reloads the last one counts, and logs are opened again once', () => {
  const pending = new PendingOrder()
  const reload = (level: string): PlaneSettings => ({ ...settings, level })
  pending.add({ changes: [], facts: [], reload: reload('info') })
  pending.add({ changes: [], facts: [], reopenLogs: true })
  pending.add({ changes: [], facts: [], reload: reload('warn') })
  pending.add({ changes: [], facts: [] })
  const order = { changes: [], facts: [], reload: reload('warn'), reopenLogs: true }
  assert.deepEqual(pending.flush(), order)
  assert.deepEqual(pending.flush(), { changes: [], facts: [] })
})

test('an order asks for figures when one of those that it holds does', () => {
  const pending = new PendingOrder()
  pending.add({ changes: [], facts: [], figures: true })
  pending.add({ changes: [load(1, 5)], facts: [] })
  assert.equal(pending.flush().figures, true)
  pending.add({ changes: [load(1, 5)], facts: [] })
  assert.equal(pending.flush().figures, undefined)
})
