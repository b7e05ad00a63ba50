import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextLive, LiveTable } from '../../../../src/cluster/live.ts'
import { applyToLive } from '../../../../src/cluster/live-changes.ts'
import { applyChange, emptySnapshot, type Snapshot } from '../../../../src/cluster/snapshot.ts'
import { managerPage } from '../../../../src/control/manager/page.ts'
import { managerView } from '../../../../src/control/manager/view.ts'
import { clusterOf, contextOf, type NodeGiven } from '../../../support/cluster-fixture.ts'

function cluster(nodes: readonly NodeGiven[]): { snapshot: Snapshot; live: LiveTable } {
  const live = new LiveTable()
  const changes = clusterOf(nodes)
  applyToLive(live, changes, emptySnapshot)
  return { snapshot: changes.reduce(applyChange, emptySnapshot), live }
}

const options = { path: '/p', token: 't', byGet: false, refresh: undefined }

test('markup in a name from the network is escaped', () => {
  const pageOf = (name: string, byGet: boolean): string => {
    const contexts = [contextOf(name, 'ENABLED', name)]
    const { snapshot, live } = cluster([
      { route: name, domain: name, host: name, type: name, balancer: name, contexts },
    ])
    live.of(1).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: name }
    return [...managerPage(managerView(snapshot, live, 0), { ...options, byGet })].join('')
  }
  const tags = (page: string): string[] => page.match(/<[^\s>]*/g) ?? []
  for (const byGet of [true, false]) {
    const page = pageOf('"><script>alert(1)</script>\'', byGet)
    assert.deepEqual(tags(page), tags(pageOf('name', byGet)))
    assert.match(page, /<h1> Node &quot;&gt;&lt;script&gt;alert/)
  }
})

test('a context whose aliases differ in status is shown once for each status', () => {
  const { snapshot, live } = cluster([
    {
      port: 1,
      contexts: [
        contextOf('/a', 'ENABLED', 'x'),
        contextOf('/a', 'STOPPED', 'y'),
        contextOf('/b', 'ENABLED', 'x'),
      ],
    },
  ])
  contextLive(live.of(1), '/a').inFlight = 3
  const [domain] = managerView(snapshot, live, 0)
  const [node] = domain?.nodes ?? []
  assert.deepEqual(node?.hosts, [
    {
      number: 1,
      aliases: ['x', 'y'],
      contexts: [
        { path: '/a', status: 'ENABLED', aliases: ['x'], inFlight: 3 },
        { path: '/a', status: 'STOPPED', aliases: ['y'], inFlight: 3 },
        { path: '/b', status: 'ENABLED', aliases: ['x'], inFlight: 0 },
      ],
    },
  ])
})

test('a node that is being removed is not OK and has no buttons, and finally has no name', () => {
  const { snapshot, live } = cluster([
    { port: 1, route: 'going', domain: 'east', removal: 'marked', contexts: [] },
    { port: 2, route: 'gone', domain: 'east', removal: 'forgotten', contexts: [] },
  ])
  const page = [...managerPage(managerView(snapshot, live, 0), options)].join('')
  assert.match(page, /<h1> Node going /)
  assert.match(page, /<h1> Node REMOVED /)
  assert.doesNotMatch(page, /gone/)
  assert.equal(page.match(/Status: NOTOK/g)?.length, 2)
  assert.doesNotMatch(page, /Range=NODE/)
})
