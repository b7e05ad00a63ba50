import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contextLive, LiveTable } from '../../../src/cluster/live.ts'
import { applyToLive } from '../../../src/cluster/live-changes.ts'
import { applyChange, emptySnapshot } from '../../../src/cluster/snapshot.ts'
import { newCounters } from '../../../src/cluster/traffic-counts.ts'
import {
  type ContextReport,
  type NodeReport,
  nodeState,
  statusReport,
} from '../../../src/control/status-report.ts'
import { clusterOf, contextOf } from '../../support/cluster-fixture.ts'

const process = {
  draining: false,
  workers: [],
  counts: newCounters(),
  state: undefined,
  certificates: [],
}

test('the report has the settings and figures of every node and its contexts', () => {
  const live = new LiveTable()
  const changes = clusterOf([{ route: 'a', factor: 73, contexts: [contextOf('/shop')] }, {}])
  applyToLive(live, changes, emptySnapshot)
  const snapshot = changes.reduce(applyChange, emptySnapshot)
  live.of(1).statusAt = 900
  live.of(1).inFlight = 3
  live.of(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: 'ECONNREFUSED' }
  contextLive(live.of(1), '/shop').inFlight = 2
  const report = statusReport(snapshot, live, 1_000.4, process)
  assert.equal(report.version, snapshot.version)
  assert.equal(report.state, null)
  const nodes = [...report.nodes]
  assert.deepEqual(
    nodes.map(({ route }) => route),
    ['a', 'n2'],
  )
  const [node] = nodes
  assert.equal(node?.loadFactor, 73)
  assert.equal(node?.statusAgeMs, 100)
  assert.equal(node?.health, 'down')
  assert.equal(node?.reason, 'ECONNREFUSED')
  assert.equal(node?.inFlight, 3)
  assert.deepEqual(node?.contexts, [
    { path: '/shop', alias: 'localhost', status: 'ENABLED', inFlight: 2 },
  ])
})

test('a balancer is reported without its row in the tables', () => {
  const snapshot = clusterOf([]).reduce(applyChange, emptySnapshot)
  const [balancer] = statusReport(snapshot, new LiveTable(), 0, process).balancers
  assert.equal(balancer?.name, 'mycluster')
  assert.equal('slot' in (balancer ?? {}), false)
})

test('a node that is known from the state file alone has no age of its last report', () => {
  const live = new LiveTable()
  const snapshot = clusterOf([{}]).reduce(applyChange, emptySnapshot)
  Object.assign(live.of(1), { statusAt: 5, unconfirmed: true })
  assert.equal([...statusReport(snapshot, live, 10, process).nodes][0]?.statusAgeMs, null)
})

describe('the state of a node is', () => {
  const up = {
    removal: 'none',
    health: 'up',
    reason: null,
    ejectedForErrors: false,
    loadFactor: 50,
    silent: false,
    unconfirmed: false,
    contexts: [],
    backup: false,
  } as const
  const context = { path: '/', alias: 'localhost', inFlight: 0 } as const
  const of = (...statuses: ContextReport['status'][]): Partial<NodeReport> => ({
    contexts: statuses.map((status) => ({ ...context, status })),
  })
  const cases: readonly (readonly [string, Partial<NodeReport>])[] = [
    ['up', {}],
    ['up', of('STOPPED', 'ENABLED')],
    ['stopped', of('STOPPED', 'STOPPED')],
    ['disabled', of('STOPPED', 'DISABLED')],
    ['suspect', { health: 'suspect' }],
    ['unchecked', { health: 'unchecked' }],
    ['up (backup)', { backup: true }],
    ['standby', { loadFactor: 0 }],
    ['starting', { loadFactor: null }],
    ['unconfirmed', { unconfirmed: true, loadFactor: null }],
    ['silent', { silent: true, unconfirmed: true }],
    ['ejected (errors)', { ejectedForErrors: true }],
    ['broken', { loadFactor: -1, silent: true }],
    ['down (ECONNREFUSED)', { health: 'down', reason: 'ECONNREFUSED', loadFactor: -1 }],
    ['removed', { removal: 'marked', health: 'down', reason: 'x' }],
  ]
  for (const [state, given] of cases)
    test(state, () => assert.equal(nodeState({ ...up, ...given } as NodeReport), state))
})
