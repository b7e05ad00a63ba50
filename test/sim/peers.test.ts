// Cascades in a simulated cluster of peers, with one seed: response times, herding, and newcomers.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { peerCascade } from '../../src/candidacy/index.ts'
import { SimulatedPeers } from './peers.ts'

const historical = ['byAge 5', 'byRandom', 'byLogWindow', 'byCost']

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

describe('five peers, one at a quarter of the speed, at 70 % of what all can do', () => {
  const speeds = [1, 1, 1, 1, 0.25]

  function times(candidacy: readonly string[]): { mean: number; p99: number } {
    const peers = new SimulatedPeers({ speeds, candidacy, load: 0.7, serviceMs: 10, seed: 5 })
    peers.run(10_000)
    peers.answered.length = 0
    peers.run(60_000)
    const all = peers.answered.map(({ ms }) => ms).sort((a, b) => a - b)
    const mean = all.reduce((sum, ms) => sum + ms, 0) / all.length
    return { mean, p99: all[Math.floor(all.length * 0.99)]! }
  }

  test('the recommended cascade is many times faster than no hand-over and the historical one', (t) => {
    const cascades = [
      ['off'],
      ['byAge 5', 'byLoad'],
      historical,
      [...historical, 'addPrediction'],
      ['byAge 5', 'byWeight'],
      ['byAge 5', 'byRandom', 'byLogWindow', 'addSelf', 'byLatency'],
      peerCascade,
    ]
    const found = cascades.map((candidacy) => ({ candidacy, ...times(candidacy) }))
    for (const { candidacy, mean, p99 } of found) {
      t.diagnostic(`mean ${mean.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms: ${candidacy.join(', ')}`)
    }
    const [off, , cost] = found
    const best = found.at(-1)!
    assert.ok(best.p99 < 0.1 * off!.p99, 'p99 against no hand-over')
    assert.ok(best.mean < 0.1 * off!.mean, 'mean against no hand-over')
    assert.ok(best.p99 < 0.1 * cost!.p99, 'p99 against byCost in the window')
    for (const other of found) assert.ok(best.mean <= other.mean, other.candidacy.join(', '))
    assert.ok(best.p99 < 110, `p99 of the best: ${best.p99} ms`)
  })

  test('at all loads queues stay short, and the slow peer is not overloaded', () => {
    for (const [load, most] of [
      [0.3, 8],
      [0.7, 20],
      [0.9, 40],
    ] as const) {
      const peers = new SimulatedPeers({
        speeds,
        candidacy: peerCascade,
        load,
        serviceMs: 10,
        seed: 7,
      })
      peers.run(5_000)
      const { queue } = watch(peers, 30_000)
      assert.ok(queue <= most, `at ${load}: a queue of ${queue}`)
    }
  })
})

test('fifty nearly full peers do not hand requests back and forth', (t) => {
  const speeds = Array.from({ length: 50 }, (_, index) => (index % 5 === 4 ? 0.25 : 1))
  const found = [peerCascade, [...peerCascade.slice(0, -1), 'byDelay 1']].map((candidacy) => {
    const peers = new SimulatedPeers({ speeds, candidacy, load: 0.95, serviceMs: 10, seed: 1 })
    peers.run(10_000)
    peers.answered.length = 0
    peers.run(15_000)
    const mean = peers.answered.reduce((sum, { ms }) => sum + ms, 0) / peers.answered.length
    t.diagnostic(`mean ${mean.toFixed(1)} ms: ${candidacy.at(-1)}`)
    return mean
  })
  assert.ok(found[0]! < 80, `mean ${found[0]} ms`)
  // With a fixed threshold each peer assumes that all others have less to do.
  assert.ok(found[1]! > 2 * found[0]!)
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

  test('the recommended cascade does not oscillate', (t) => {
    const peers = started(peerCascade)
    const before = peers.answered.length
    const { share, queue } = watch(peers, 5_000)
    t.diagnostic(`at most ${(100 * share).toFixed(1)} %, queue ${queue}`)
    assert.ok(queue <= 25, `queue ${queue}`)
    assert.ok(share < 0.04, `share ${share}`)
    // The same in each second: no oscillation. Many requests of the last second are not answered yet.
    const means = [0, 1, 2, 3].map((second) => {
      const from = 5_000 + second * 1_000
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
