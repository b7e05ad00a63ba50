// Cascades in a simulated cluster of peers, with one seed: response times, herding, and newcomers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Candidate, UserCandidacy } from '../../src/candidacy/candidacy.ts'
import { peerCascade } from '../../src/candidacy/index.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { type PeersGiven, type Server, SimulatedPeers } from './peers.ts'

/** The worst moments of a run. */
interface Moments {
  /** Largest share of all requests of 100 ms that came to one server. */
  readonly share: number
  /** Longest queue of one server. */
  readonly queue: number
}

/** Runs the simulation and samples it every 100 ms. */
function watch(peers: SimulatedPeers, ms: number): Moments {
  let share = 0
  for (const server of peers.servers) server.longestQueue = 0
  for (let at = 0; at < ms; at += 100) {
    const before = peers.servers.map(({ arrived }) => arrived)
    peers.run(100)
    const came = peers.servers.map(({ arrived }, index) => arrived - before[index]!)
    const all = came.reduce((sum, count) => sum + count, 0)
    share = Math.max(share, Math.max(...came) / all)
  }
  return { share, queue: Math.max(...peers.servers.map(({ longestQueue }) => longestQueue)) }
}

/** The rule of one who sees all servers at this moment, speeds and workers included. */
const best = (peers: () => SimulatedPeers): UserCandidacy =>
  function byTruth(candidates, { self }) {
    const cost = ({ node }: Candidate): number => {
      const server = peers().servers[node.id]!
      const { waiting, arriving, workers, speed, isFailing, isFrozen } = server
      const count = waiting + arriving
      const ms = (100 / speed) * (count < workers ? 1 : (2 * count + 1) / workers)
      return (
        ms * (1 + 0.001 * count) +
        (isFailing ? 1e9 : 0) +
        (isFrozen ? 300 : 0) +
        (node.id === self?.node.id ? 0 : 0.3)
      )
    }
    const start = Math.floor(tie() * candidates.length)
    let [least] = candidates
    for (let i = 0; i < candidates.length; i++) {
      const other = candidates[(start + i) % candidates.length]!
      if (least === undefined || cost(other) < cost(least)) least = other
    }
    return least === undefined ? candidates : [least]
  }
const tie = seededRandom(9)

interface Row extends Omit<PeersGiven, 'candidacy' | 'seed'> {
  readonly ms: number
  /** Server that answers every request with an error, from 40 to 75 % of the time. */
  readonly failing?: number
  /** Server that stands still for 5 s at 40 % of the time. */
  readonly freezing?: number
}

const five = { speeds: [1, 1, 1, 1, 0.25], workers: [4, 4, 4, 4, 4], serviceMs: 100, ms: 240_000 }
const twenty = Array.from({ length: 20 }, (_, index) => index)
const fifty = Array.from({ length: 50 }, () => 1)
const single = { speeds: five.speeds, serviceMs: 10, ms: 100_000 }
const rows = {
  'one at a quarter, 30 %': { ...five, load: 0.3, most: 1.17, asked: 1.08 },
  'one at a quarter, 70 %': { ...five, load: 0.7, most: 1.19, asked: 1.08 },
  'one at a quarter, 90 %': { ...five, load: 0.9, most: 1.22, asked: 1.14 },
  'single-threaded, one at a quarter, 30 %': { ...single, load: 0.3, most: 1.21, asked: 1.12 },
  'single-threaded, one at a quarter, 70 %': { ...single, load: 0.7, most: 1.21, asked: 1.14 },
  'single-threaded, one at a quarter, 90 %': { ...single, load: 0.9, most: 1.27, asked: 1.13 },
  'single-threaded, equal, 75 %': {
    ...{ speeds: [1, 1, 1, 1, 1], serviceMs: 30, ms: 200_000, load: 0.75, most: 1.26, asked: 1.13 },
  },
  'workers 1 2 4 8, 75 %': {
    ...{ speeds: [1, 1, 1, 1], workers: [1, 2, 4, 8], serviceMs: 100, ms: 240_000 },
    ...{ load: 0.75, most: 1.13, asked: 1.1 },
  },
  'two unequal pairs, 65 %': {
    ...{ speeds: [1, 0.5, 1, 0.5], workers: [1, 1, 8, 8], serviceMs: 100, ms: 240_000 },
    ...{ load: 0.65, most: 1.12, asked: 1.2 },
  },
  'long polls among them, 70 %': { ...five, load: 0.7, longPolls: 0.04, most: 1.24, asked: 1.13 },
  'one fails at once, 60 %': {
    ...{ speeds: [1, 1, 1, 1, 1], workers: five.workers, serviceMs: 80, ms: 120_000, failing: 2 },
    ...{ load: 0.6, most: 1.1, asked: 1.1 },
  },
  'one freezes for 5 s, 55 %': {
    ...{ speeds: [1, 1, 1, 1, 1], workers: five.workers, serviceMs: 80, ms: 240_000, freezing: 1 },
    ...{ load: 0.55, most: 1.12, asked: 1.11 },
  },
  'twenty unlike servers, 80 %': {
    speeds: twenty.map((index) => [1, 0.6, 1.4, 1][index % 4]!),
    workers: twenty.map((index) => [2, 4, 8, 3][index % 4]!),
    ...{ serviceMs: 40, ms: 50_000, load: 0.8, most: 1.22, asked: 1.33 },
  },
  'twenty single-threaded servers, one in five at a quarter, 80 %': {
    speeds: twenty.map((index) => (index % 5 === 4 ? 0.25 : 1)),
    ...{ serviceMs: 10, ms: 60_000, load: 0.8, most: 1.87, asked: 1.46 },
  },
  'fifty single-threaded servers, 90 %': {
    ...{ speeds: fifty, serviceMs: 10, ms: 25_000, load: 0.9, most: 2.8, asked: 1.45 },
  },
} satisfies Record<string, Row & { most: number; asked: number }>

interface Found {
  readonly p99: number
  readonly mean: number
  readonly errors: number
  readonly handed: number
  /** Share of the requests for which peers were asked. */
  readonly questions: number
}

function run(
  { ms, failing, freezing, ...given }: Row,
  candidacy: readonly string[],
  seed: number,
): Found {
  const policies = new Map([['./truth.js#byTruth', best(() => peers)]])
  const peers = new SimulatedPeers({ ...given, candidacy, seed, policies })
  peers.run(0.2 * ms)
  peers.answered.length = 0
  peers.questions = 0
  for (const server of peers.servers) server.received = server.handed = 0
  const failingServer = failing === undefined ? undefined : peers.servers[failing]
  peers.run(0.2 * ms)
  if (failingServer !== undefined) failingServer.isFailing = true
  if (freezing !== undefined) peers.servers[freezing]!.freeze(5_000)
  peers.run(0.35 * ms)
  if (failingServer !== undefined) failingServer.isFailing = false
  peers.run(0.25 * ms)
  const good = peers.answered.filter(({ isError }) => !isError)
  const times = good.map((answer) => answer.ms).sort((a, b) => a - b)
  const sum = (of: (server: Server) => number): number =>
    peers.servers.reduce((all, server) => all + of(server), 0)
  return {
    p99: times[Math.floor(times.length * 0.99)]!,
    mean: times.reduce((all, time) => all + time, 0) / times.length,
    errors: 1 - good.length / peers.answered.length,
    handed: sum(({ handed }) => handed) / sum(({ received }) => received),
    questions: peers.questions / sum(({ received }) => received),
  }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!

for (const asks of [true, false]) {
  const where = asks ? 'that can be asked' : 'that cannot be asked'
  describe(`the default cascade among peers ${where}, beside a rule that reads all queues`, () => {
    const all: number[] = []
    for (const [name, { most, asked, ...row }] of Object.entries(rows)) {
      const bound = asks ? asked : most
      test(`${name}: the 99th percentile is at most ${bound} times as long`, (t) => {
        const found = [31, 32, 33].map((seed) => {
          const own = run({ ...row, asks }, peerCascade, seed)
          const truth = run({ ...row, asks: false }, ['./truth.js#byTruth'], seed)
          return { ...own, p99: own.p99 / truth.p99, mean: own.mean / truth.mean }
        })
        const of = (figure: keyof Found): number => middle(found.map((one) => one[figure]))
        const [p99, mean, handed] = [of('p99'), of('mean'), of('handed')].map((x) => x.toFixed(2))
        const questions = of('questions').toFixed(2)
        t.diagnostic(
          `p99 ${p99}, mean ${mean}, handed over ${handed}, asked ${questions}, errors ${of('errors').toFixed(4)}`,
        )
        all.push(of('p99'))
        assert.ok(of('p99') <= bound, `${found.map((one) => one.p99.toFixed(2))}`)
        assert.ok(of('errors') < 0.012, `${found.map(({ errors }) => errors.toFixed(4))}`)
      })
    }

    const meanMost = asks ? 1.1 : 1.22
    test(`the geometric mean of these is at most ${meanMost}`, (t) => {
      const mean = Math.exp(all.reduce((sum, p99) => sum + Math.log(p99), 0) / all.length)
      t.diagnostic(mean.toFixed(3))
      assert.ok(mean <= meanMost, `${mean}`)
    })
  })
}

test('five equal peers hand over less than half of their requests when they have room', (t) => {
  const equal = { ...five, speeds: [1, 1, 1, 1, 1], ms: 120_000, load: 0.3 }
  const { handed } = run(equal, peerCascade, 5)
  t.diagnostic(`handed over ${handed.toFixed(2)}`)
  assert.ok(handed < 0.45, `${handed}`)
})

describe('500 peers', () => {
  /** One in five at a quarter of the speed. */
  const speeds = Array.from({ length: 500 }, (_, index) => (index % 5 === 4 ? 0.25 : 1))
  const started = (candidacy: readonly string[], ms: number = 5_000): SimulatedPeers => {
    const peers = new SimulatedPeers({ speeds, candidacy, load: 0.7, serviceMs: 100, seed: 1 })
    peers.run(ms)
    return peers
  }

  test('byLoad alone herds: all choose the same server until its next announcement', (t) => {
    const { share, queue } = watch(started(['byAge 5', 'byLoad'], 2_000), 2_000)
    t.diagnostic(
      `one server got ${(100 * share).toFixed(0)} % of a moment's requests, queue ${queue}`,
    )
    assert.ok(share > 0.5, `share ${share}`)
    assert.ok(queue > 500, `queue ${queue}`)
  })

  test('the log window prevents that', (t) => {
    const { share, queue } = watch(
      started(['byAge 5', 'byRandom', 'byLogWindow', 'byLoad'], 2_000),
      2_000,
    )
    t.diagnostic(`at most ${(100 * share).toFixed(1)} %, queue ${queue}`)
    assert.ok(share < 0.1, `share ${share}`)
    assert.ok(queue < 100, `queue ${queue}`)
  })

  test('the recommended cascade swings neither to nor fro', (t) => {
    const peers = started(peerCascade, 15_000)
    const before = peers.answered.length
    const { share, queue } = watch(peers, 5_000)
    t.diagnostic(`at most ${(100 * share).toFixed(1)} %, queue ${queue}`)
    assert.ok(queue <= 35, `queue ${queue}`)
    assert.ok(share < 0.04, `share ${share}`)
    // The same in each second: no oscillation. Many requests of the last second are not answered yet.
    const means = [0, 1, 2, 3].map((second) => {
      const from = 15_000 + second * 1_000
      const of = peers.answered
        .slice(before)
        .filter(({ at }) => at >= from && at < from + 1_000)
        .map(({ ms }) => ms)
      return of.reduce((sum, ms) => sum + ms, 0) / of.length
    })
    const [least, most] = [Math.min(...means), Math.max(...means)]
    assert.ok(most < 1.25 * least, `mean times by second: ${means.map(Math.round)}`)
  })

  test('a newcomer gets its share and no burst', (t) => {
    const peers = started(peerCascade)
    const newcomer = peers.join(1)
    peers.run(3_000)
    const usual = 3 * 10 * 0.7
    t.diagnostic(
      `${newcomer.arrived} requests in 3 s, usual ${usual}; queue ${newcomer.longestQueue}`,
    )
    assert.ok(newcomer.arrived > 0.5 * usual && newcomer.arrived < 2 * usual)
    assert.ok(newcomer.longestQueue <= 10, `queue ${newcomer.longestQueue}`)
  })
})
