import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { Cascades } from '../../../../src/candidacy/cascades.ts'
import { HeldRequest } from '../../../../src/cluster/held-requests.ts'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { makePeer, type Peer } from '../../../../src/cluster/peer.ts'
import { type Ask, CascadeChooser } from '../../../../src/peer/choice/cascade-chooser.ts'
import type { Choice, Decided } from '../../../../src/peer/choice/choice.ts'
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
  ask?: Ask,
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
    ...(ask === undefined ? {} : { ask }),
  })
  const text = (choice: Choice): string => {
    if (choice.mode === 'asking') return 'asking'
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

const at = { host: '192.0.2.1', port: 4_445 }
const asked = { '/': ['byRoom'], '/to': ['byRoom', 'redirectToName'], '/all': ['byRandom'] }

interface Question {
  readonly ids: readonly number[]
  readonly decided: Parameters<Ask>[3]
}

/** Four peers that can be asked; the first one is this server, and is full. */
function asker(list = [1, 2, 3, 4].map((id) => peer(id, { ask: at }))) {
  const questions: Question[] = []
  const cancelled: number[] = []
  const given = { list, canAsk: true }
  const ask: Ask = (_self, among, _usualMs, decided) => {
    if (!given.canAsk) return undefined
    questions.push({ ids: among.map(({ node }) => node.id), decided })
    return () => cancelled.push(questions.length)
  }
  const made = chooser(list, asked, ask)
  made.live.of(1).room.begin(new HeldRequest(), 0)
  /** A request that waits, and what becomes of it. */
  const wait = (url: string): { choice: Choice; decided: Decided | undefined } => {
    const message = new IncomingMessage(new Socket())
    Object.assign(message, { method: 'GET', url, headers: { host: 'a' } })
    const choice = made.all.first(new MessageView(message))
    const result: ReturnType<typeof wait> = { choice, decided: undefined }
    if (choice.mode === 'asking') {
      choice.pending.onDecided((decided) => {
        result.decided = decided
      })
    }
    return result
  }
  return { ...made, given, questions, cancelled, wait }
}

const winner = (id: number) => ({ node: { id } }) as Parameters<Parameters<Ask>[3]>[0]

test('a server that has room asks nobody and serves here', () => {
  const list = [1, 2].map((id) => peer(id, { ask: at }))
  const { choose } = chooser(list, asked, () => assert.fail('asked'))
  assert.equal(choose('/'), 'here')
})

test('a server without room asks, and the winner gets the request', () => {
  const { wait, questions } = asker()
  const first = wait('/')
  assert.deepEqual(questions[0]?.ids, [1, 2, 3, 4])
  questions[0]?.decided(winner(3))
  assert.ok(first.decided?.mode === 'proxy' && first.decided.candidate.node.id === 3)
  const second = wait('/')
  questions[1]?.decided(winner(1))
  assert.deepEqual(second.decided, { mode: 'here' })
  const third = wait('/to/x?y')
  questions[2]?.decided(winner(2))
  assert.deepEqual(third.decided, { mode: 'redirect', location: 'http://p2:8002/to/x?y' })
})

test('a winner that has left meanwhile, or a server that leaves itself, means here', () => {
  const list = [1, 2, 3].map((id) => peer(id, { ask: at }))
  const { wait, questions, all } = asker(list)
  const gone = wait('/')
  questions[0]?.decided(winner(9))
  assert.deepEqual(gone.decided, { mode: 'here' })
  const leaving = wait('/')
  all.isLeaving = true
  questions[1]?.decided(winner(2))
  assert.deepEqual(leaving.decided, { mode: 'here' })
})

test('where nobody can be asked now, and after a failure, what was learnt here decides', () => {
  const { choose, given, questions } = asker()
  given.canAsk = false
  assert.match(choose('/'), /^p[234]$/)
  given.canAsk = true
  assert.match(choose('/', [2]), /^p[34]$/)
  assert.equal(questions.length, 0)
  const without = asker([1, 2, 3].map((id) => peer(id)))
  assert.match(without.choose('/'), /^p[23]$/)
  assert.equal(without.questions.length, 0)
})
