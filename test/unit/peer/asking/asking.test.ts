// Servers that ask each other over a network in memory, on one clock.

import assert from 'node:assert/strict'
import type { RemoteInfo } from 'node:dgram'
import { mock, type TestContext, test } from 'node:test'
import type { HostPort } from '../../../../src/base/host-port.ts'
import { askLimits } from '../../../../src/base/limits.ts'
import type { Candidate } from '../../../../src/cluster/routes.ts'
import { Asking } from '../../../../src/peer/asking/asking.ts'
import { KeyRing } from '../../../../src/wire/announcement-key.ts'
import { type RoomReport, writeAnswer } from '../../../../src/wire/ask.ts'
import { peerCandidate } from '../../../support/candidacy-fixture.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const keys = new KeyRing(['what the peers of this test share'])
const idle: RoomReport = { inHand: 0, ms: 10, knee: 1, errorFactor: 1 }
const busy: RoomReport = { inHand: 9, ms: 10, knee: 1, errorFactor: 1 }

class Network {
  readonly clock = new ManualClock()
  /** Datagrams on their way, with the address that they come from. */
  readonly wire: { bytes: Buffer; to: HostPort; from: HostPort }[] = []
  readonly refused: string[] = []
  readonly servers = new Map<number, Asking>()
  /** What each server has to report. */
  readonly reports = new Map<number, RoomReport | undefined>()

  constructor(t: TestContext) {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.after(() => mock.timers.reset())
  }

  start(id: number, ring: KeyRing = keys): Asking {
    const asking = new Asking({
      keys: ring,
      clock: this.clock,
      random: seededRandom(id),
      skewMs: 30_000,
      accepts: (address) => address.startsWith('10.'),
      report: () => this.reports.get(id),
      send: (bytes, to) => this.wire.push({ bytes: Buffer.from(bytes), to, from: placeOf(id) }),
      refuse: (reason) => this.refused.push(reason),
    })
    this.servers.set(id, asking)
    this.reports.set(id, idle)
    return asking
  }

  /** Delivers all datagrams that are on their way now. */
  deliver(): void {
    for (const { bytes, to, from } of this.wire.splice(0)) {
      this.servers.get(to.port)?.receive(bytes, remote(from))
    }
  }

  /** Lets the time for answers pass. */
  async expire(): Promise<void> {
    this.clock.advance(askLimits.waitMs)
    mock.timers.tick(askLimits.waitMs)
    await immediate()
  }
}

const placeOf = (id: number): HostPort => ({ host: `10.0.0.${id}`, port: id })
const remote = ({ host, port }: HostPort): RemoteInfo => ({
  ...{ address: host, port, family: 'IPv4', size: 0 },
})
const candidateOf = (id: number, ask: HostPort | undefined = placeOf(id)): Candidate =>
  peerCandidate(id, { isSelf: id === 1, announcement: { ask } })

/** Server 1 asks about one request among these. */
function ask(
  network: Network,
  candidates: readonly Candidate[],
): { winner: number | undefined; cancel: (() => void) | undefined } {
  const result: ReturnType<typeof ask> = { winner: undefined, cancel: undefined }
  result.cancel = network.servers.get(1)?.begin(candidates[0]!, candidates, 10, ({ node }) => {
    result.winner = node.id
  })
  return result
}

function started(t: TestContext, count: number): readonly [Network, Candidate[]] {
  const network = new Network(t)
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  for (const id of ids) network.start(id)
  const candidates = ids.map((id) => candidateOf(id))
  // Full here: one more costs as much as 30 requests.
  for (let i = 0; i < 15; i++) {
    candidates[0]!.live.room.begin({ ...newRequest() }, network.clock.now())
  }
  return [network, candidates]
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const newRequest = () => ({
  ...{ list: undefined, beganAt: 0, older: undefined, newer: undefined },
})

test('three peers are asked, and the least cost wins as soon as all have answered', (t) => {
  const [network, candidates] = started(t, 6)
  for (const id of [2, 3, 4, 5, 6]) network.reports.set(id, { ...busy, inHand: id })
  const asked = ask(network, candidates)
  const to = network.wire.map(({ to }) => to.port)
  assert.equal(to.length, askLimits.peersMax)
  network.deliver()
  assert.equal(asked.winner, undefined)
  network.deliver()
  assert.equal(asked.winner, Math.min(...to))
})

test('this server keeps the request when no peer costs less', (t) => {
  const [network, candidates] = started(t, 4)
  for (const id of [2, 3, 4]) network.reports.set(id, { ...busy, inHand: 30 })
  const asked = ask(network, candidates)
  network.deliver()
  network.deliver()
  assert.equal(asked.winner, 1)
})

test('a peer that does not answer in time is not chosen, and its late answer counts for nothing', async (t) => {
  const [network, candidates] = started(t, 3)
  network.reports.set(2, { ...busy, inHand: 3 })
  const asked = ask(network, candidates)
  const toThird = network.wire.findIndex(({ to }) => to.port === 3)
  const [late] = network.wire.splice(toThird, 1)
  network.deliver()
  network.deliver()
  assert.equal(asked.winner, undefined)
  await network.expire()
  assert.equal(asked.winner, 2)
  network.wire.push(late!)
  network.deliver()
  network.deliver()
  const asking = network.servers.get(1)!
  assert.deepEqual([asking.counts.answers, asking.counts.late], [1, 1])
})

test('answers that arrived while this process was busy count, although the deadline has passed', async (t) => {
  const [network, candidates] = started(t, 3)
  const asked = ask(network, candidates)
  network.deliver()
  network.clock.advance(50)
  mock.timers.tick(askLimits.waitMs)
  // The turn of the event loop in which timers run first, and sockets are read after that.
  if (asked.winner === undefined) network.deliver()
  await immediate()
  assert.ok(asked.winner === 2 || asked.winner === 3, `${asked.winner}`)
})

test('without an answer the request is served here', async (t) => {
  const [network, candidates] = started(t, 4)
  const asked = ask(network, candidates)
  await network.expire()
  assert.equal(asked.winner, 1)
})

test('forged, doubled, replayed and unasked answers count for nothing', async (t) => {
  const [network, candidates] = started(t, 3)
  for (const id of [2, 3]) network.reports.set(id, busy)
  const asked = ask(network, candidates)
  network.deliver()
  const [first] = network.wire
  const asking = network.servers.get(1)!
  const receive = (bytes: Buffer): void => asking.receive(bytes, remote(placeOf(2)))
  const text = first!.bytes.toString('latin1')
  receive(Buffer.from(text.replace('room 9', 'room 0'), 'latin1'))
  const id = /answer (\w+) /.exec(text)![1]!
  const time = network.clock.wall()
  receive(writeAnswer({ id, time }, idle, new KeyRing(['another key of somebody'])))
  receive(writeAnswer({ id: 'f'.repeat(16), time }, idle, keys))
  receive(writeAnswer({ id, time: time - 31_000 }, idle, keys))
  asking.receive(writeAnswer({ id, time }, idle, keys), remote({ host: '11.0.0.1', port: 2 }))
  assert.deepEqual(network.refused, ['forged', 'unknown-key', 'clock', 'source'])
  receive(first!.bytes)
  receive(first!.bytes)
  assert.deepEqual([asking.counts.answers, asking.counts.late], [1, 2])
  await network.expire()
  assert.ok(asked.winner !== undefined)
  // A recording of it, for the next request.
  const again = ask(network, candidates)
  receive(first!.bytes)
  await network.expire()
  assert.deepEqual([again.winner, asking.counts.answers], [1, 1])
})

test('a recorded question is not answered when it is old, and a server that has left answers none', (t) => {
  const [network, candidates] = started(t, 3)
  ask(network, candidates)
  const [{ bytes } = { bytes: Buffer.alloc(0) }] = network.wire.splice(0)
  const second = network.servers.get(2)!
  const receive = (): number => {
    second.receive(bytes, remote(placeOf(1)))
    return network.wire.splice(0).length
  }
  assert.equal(receive(), 1)
  network.reports.set(2, undefined)
  assert.equal(receive(), 0)
  network.reports.set(2, idle)
  network.clock.advance(31_000)
  assert.equal(receive(), 0)
  assert.deepEqual(network.refused, ['clock'])
})

test('a cancelled wait decides nothing', async (t) => {
  const [network, candidates] = started(t, 4)
  const asked = ask(network, candidates)
  asked.cancel?.()
  network.deliver()
  network.deliver()
  await network.expire()
  assert.equal(asked.winner, undefined)
})

test('peers are asked about a thousand requests in a second, and answer five thousand questions', (t) => {
  const [network, candidates] = started(t, 2)
  const waits = Array.from({ length: 1_010 }, () => ask(network, candidates).cancel)
  assert.equal(waits.filter((cancel) => cancel !== undefined).length, askLimits.perSecondMax)
  assert.equal(network.wire.length, askLimits.perSecondMax)
  const [question] = network.wire.splice(0)
  for (let i = 0; i < 5_010; i++) {
    network.servers.get(2)?.receive(question!.bytes, remote(placeOf(1)))
  }
  assert.equal(network.wire.length, askLimits.answersPerSecondMax)
  network.clock.advance(1_000)
  assert.notEqual(ask(network, candidates).cancel, undefined)
})

test('a peer without an address for questions counts by the figures of this server', (t) => {
  const [network, candidates] = started(t, 2)
  const other = peerCandidate(3)
  other.live.room.usual.ms = 10
  network.reports.set(2, { ...busy, inHand: 30 })
  const asked = ask(network, [...candidates, other])
  assert.equal(network.wire.length, 1)
  network.deliver()
  network.deliver()
  assert.equal(asked.winner, 3)
  assert.equal(ask(network, [candidates[0]!, other]).cancel, undefined)
})

test('a peer that never answers is not waited for, until it answers', async (t) => {
  const [network, candidates] = started(t, 2)
  const waits: unknown[] = []
  for (let i = 0; i < 10; i++) {
    waits.push(ask(network, candidates).cancel)
    network.wire.length = 0
    await network.expire()
  }
  assert.equal(waits.filter((cancel) => cancel !== undefined).length, 8)
  // It is still asked, so that it can show itself.
  assert.equal(ask(network, candidates).cancel, undefined)
  network.deliver()
  network.deliver()
  assert.notEqual(ask(network, candidates).cancel, undefined)
})

test('a peer that has answered before is waited for, however long it is silent', async (t) => {
  const [network, candidates] = started(t, 2)
  ask(network, candidates)
  network.deliver()
  network.deliver()
  for (let i = 0; i < 50; i++) {
    const asked = ask(network, candidates)
    network.wire.length = 0
    await network.expire()
    assert.equal(asked.winner, 1)
  }
})
