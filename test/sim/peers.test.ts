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
      const { waiting, arriving, workers, speed, isFailing } = peers().servers[node.id]!
      const count = waiting + arriving
      const ms = (100 / speed) * (count < workers ? 1 : (2 * count + 1) / workers)
      return (
        ms * (1 + 0.001 * count) + (isFailing ? 1e9 : 0) + (node.id === self?.node.id ? 0 : 0.3)
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
}

const five = { speeds: [1, 1, 1, 1, 0.25], workers: [4, 4, 4, 4, 4], serviceMs: 100, ms: 240_000 }
const twenty = Array.from({ length: 20 }, (_, index) => index)
const rows = {
  'one at a quarter, 30 %': { ...five, load: 0.3, most: 1.17 },
  'one at a quarter, 70 %': { ...five, load: 0.7, most: 1.19 },
  'one at a quarter, 90 %': { ...five, load: 0.9, most: 1.22 },
  'workers 1 2 4 8, 75 %': {
    ...{ speeds: [1, 1, 1, 1], workers: [1, 2, 4, 8], serviceMs: 100, ms: 240_000 },
    ...{ load: 0.75, most: 1.13 },
  },
  'two unequal pairs, 65 %': {
    ...{ speeds: [1, 0.5, 1, 0.5], workers: [1, 1, 8, 8], serviceMs: 100, ms: 240_000 },
    ...{ load: 0.65, most: 1.12 },
  },
  'long polls among them, 70 %': { ...five, load: 0.7, longPolls: 0.04, most: 1.24 },
  'one fails at once, 60 %': {
    ...{ speeds: [1, 1, 1, 1, 1], workers: five.workers, serviceMs: 80, ms: 120_000, failing: 2 },
    ...{ load: 0.6, most: 1.1 },
  },
  'twenty unlike servers, 80 %': {
    speeds: twenty.map((index) => [1, 0.6, 1.4, 1][index % 4]!),
    workers: twenty.map((index) => [2, 4, 8, 3][index % 4]!),
    ...{ serviceMs: 40, ms: 50_000, load: 0.8, most: 1.22 },
  },
  'twenty single-threaded servers, one in five at a quarter, 80 %': {
    speeds: twenty.map((index) => (index % 5 === 4 ? 0.25 : 1)),
    ...{ serviceMs: 10, ms: 60_000, load: 0.8, most: 1.87 },
  },
} satisfies Record<string, Row & { most: number }>

interface Found {
  readonly p99: number
  readonly mean: number
  readonly errors: number
  readonly handed: number
}

function run({ ms, failing, ...given }: Row, candidacy: readonly string[], seed: number): Found {
  const policies = new Map([['./truth.js#byTruth', best(() => peers)]])
  const peers = new SimulatedPeers({ ...given, candidacy, seed, policies })
  peers.run(0.2 * ms)
  peers.answered.length = 0
  for (const server of peers.servers) server.received = server.handed = 0
  const failingServer = failing === undefined ? undefined : peers.servers[failing]
  peers.run(0.2 * ms)
  if (failingServer !== undefined) failingServer.isFailing = true
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
  }
}

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!

describe('the default cascade beside one who sees all servers at this moment', () => {
  for (const [name, { most, ...row }] of Object.entries(rows) as [
    string,
    Row & { most: number },
  ][]) {
    test(`${name}: the 99th percentile is at most ${most} times as long`, (t) => {
      const seeds = [31, 32, 33]
      const found = seeds.map((seed) => {
        const [own, truth] = [peerCascade, ['./truth.js#byTruth']].map((candidacy) =>
          run(row, candidacy, seed),
        )
        return { ...own!, p99: own!.p99 / truth!.p99, mean: own!.mean / truth!.mean }
      })
      const of = (figure: keyof Found): number => middle(found.map((one) => one[figure]))
      t.diagnostic(
        `p99 ${of('p99').toFixed(2)}, mean ${of('mean').toFixed(2)}, handed over ${of('handed').toFixed(2)}, errors ${of('errors').toFixed(4)}`,
      )
      assert.ok(of('p99') <= most, `${found.map(({ p99 }) => p99.toFixed(2))}`)
      assert.ok(of('errors') < 0.01, `${found.map(({ errors }) => errors.toFixed(4))}`)
    })
  }
})

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
