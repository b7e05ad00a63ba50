import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { Cascades } from '../../../../src/candidacy/cascades.ts'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { makePeer, type Peer } from '../../../../src/cluster/peer.ts'
import { CascadeChooser } from '../../../../src/peer/choice/cascade-chooser.ts'
import type { Choice } from '../../../../src/peer/choice/choice.ts'
import { PeerCandidates } from '../../../../src/peer/choice/peer-candidates.ts'
import { MessageView } from '../../../../src/peer/hand-over/request-views.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const resources = {
  speed: 1,
  cores: 1,
  load: 0,
  loadHigh: 1,
  cpuIdle: 1,
  memoryTotal: 1,
  memoryAvailable: 1,
  eventLoopDelayMs: 0,
  slotsInUse: 0,
  slotsFree: 10,
  served: 0,
  serviceTimeMs: 0,
  ms: 0,
  knee: 0,
  inHand: 0,
}

function peer(id: number, more: Partial<Peer['announcement']> = {}): Peer {
  const place = { name: `p${id}`, scheme: 'http', host: '192.0.2.1', port: 8000 + id } as const
  const run = { startedAt: 1, sequence: 1, time: 1, leaving: false, contexts: [], resources }
  return makePeer(id, { ...place, ...run, ...more }, 0, id === 1)
}

function chooser(
  list: readonly Peer[],
  entries: Readonly<Record<string, string[]>>,
): {
  choose(url: string, tried?: readonly number[]): string
  live: LiveTable
  all: CascadeChooser
} {
  const live = new LiveTable()
  const balance = Object.entries(entries).map(([path, candidacy]) => ({ path, candidacy }))
  const means = { random: () => 0.5, routeKeys: [], policies: new Map() }
  const all = new CascadeChooser(new Cascades(balance, means, () => {}), {
    candidates: new PeerCandidates(live),
    peers: () => list,
    clock: new ManualClock(),
  })
  const text = (choice: Choice): string => {
    if (choice.mode === 'proxy') return choice.candidate.node.route
    return choice.mode === 'redirect' ? choice.location : 'here'
  }
  const choose = (url: string, tried: readonly number[] = []): string => {
    const message = new IncomingMessage(new Socket())
    Object.assign(message, { method: 'GET', url })
    const request = new MessageView(message)
    return text(tried.length === 0 ? all.first(request) : all.again(request, tried))
  }
  return { choose, live, all }
}

const away = { '/': ['removeSelf'] }

test('a server without peers serves every request itself', () => {
  assert.equal(chooser([peer(1)], away).choose('/'), 'here')
})

test('the first candidate is chosen, then the next that has not failed, then this server', () => {
  const { choose } = chooser([peer(1), peer(2), peer(3)], away)
  assert.equal(choose('/'), 'p2')
  assert.equal(choose('/', [2]), 'p3')
  assert.equal(choose('/', [2, 3]), 'here')
})

test('a peer that is down is passed over', () => {
  const { choose, live } = chooser([peer(1), peer(2), peer(3)], away)
  live.of(2).health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: '' }
  assert.equal(choose('/'), 'p3')
})

test('each path has its cascade, and off serves the request here', () => {
  const { choose, all } = chooser([peer(1), peer(2)], {
    ...away,
    '/own': ['off'],
    '/own/out': ['removeSelf'],
  })
  for (const url of ['/own', '/own/x?y', '/%6fwn/', '/./own', '/own;v=1'])
    assert.equal(choose(url), 'here', url)
  for (const url of ['/', '/ownership', '/own/out/x', '/%', '*'])
    assert.equal(choose(url), 'p2', url)
  all.isLeaving = true
  assert.equal(choose('/'), 'here')
})

test('a peer is chosen for the paths that it serves only', () => {
  const { choose } = chooser([peer(1), peer(2, { contexts: ['/shop'] }), peer(3)], away)
  assert.equal(choose('/shop/x'), 'p2')
  assert.equal(choose('/shopping'), 'p3')
})

test('a redirect leads to the chosen peer, with the scheme of that peer', () => {
  const list = [peer(1), peer(2, { scheme: 'https', name: 'two.test' })]
  const redirects = { '/': ['removeSelf', 'redirectToName'] }
  assert.equal(chooser(list, redirects).choose('/a?b'), 'https://two.test:8002/a?b')
  assert.equal(chooser(list, away).choose('/a?b'), 'two.test')
})
