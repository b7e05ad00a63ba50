// `node dist/bench/candidacy.js`: what does one decision cost, in nanoseconds, by cascade and by how many
// there are to choose from? Processor time, the median of several rounds; no network.

import { systemClock } from '../src/base/clock.ts'
import { peerCascade } from '../src/candidacy/index.ts'
import { autoCascade, modClusterCascade } from '../src/candidacy/proxy-cascades.ts'
import type { Candidate } from '../src/cluster/routes.ts'
import {
  cascadeOf,
  nodeCandidate,
  peerCandidate,
  viewOf,
} from '../test/support/candidacy-fixture.ts'
import { seededRandom } from '../test/support/seeded-random.ts'
import { median } from './support/median.ts'

const rounds = 9
const roundMs = 60

const historical = ['byAge 5', 'byRandom', 'byLogWindow', 'byCost']
const random = seededRandom(1)

const nodes = (count: number): Candidate[] =>
  Array.from({ length: count }, (_, index) => nodeCandidate(index + 1, { factor: 50 + index }))

const peers = (count: number): Candidate[] =>
  Array.from({ length: count }, (_, index) =>
    peerCandidate(index + 1, {
      isSelf: index === 0,
      // Never too old, however long this takes.
      receivedAt: Number.MAX_SAFE_INTEGER,
      load: random() * 4,
      loadHigh: 8,
      speed: 50 + 100 * random(),
      memoryAvailable: 1e9 * random(),
    }),
  )

const rows: readonly (readonly [string, readonly Candidate[], readonly string[]])[] = [
  ['3 nodes', nodes(3), autoCascade],
  ['3 nodes', nodes(3), modClusterCascade],
  ['3 nodes', nodes(3), ['usable', 'bySession', 'byDomain', 'byInFlight']],
  ['3 nodes', nodes(3), ['usable', 'bySession', 'byDomain', 'byLatency']],
  ['64 nodes', nodes(64), autoCascade],
  ['64 nodes', nodes(64), modClusterCascade],
  ['64 nodes', nodes(64), ['usable', 'bySession', 'byDomain', 'byInFlight']],
  ['1000 nodes', nodes(1_000), autoCascade],
  ['1000 nodes', nodes(1_000), modClusterCascade],
  ...[5, 64, 500].flatMap((count) =>
    [historical, peerCascade, ['byAge 5', 'byWeight']].map(
      (candidacy) => [`${count} peers`, peers(count), candidacy] as const,
    ),
  ),
]

for (const [who, candidates, candidacy] of rows) {
  const ns = cost(candidates, candidacy)
  console.log(`${who.padEnd(10)} ${ns.toFixed(0).padStart(7)} ns  ${candidacy.join(', ')}`)
}

function cost(candidates: readonly Candidate[], candidacy: readonly string[]): number {
  const cascade = cascadeOf(candidacy, { random: Math.random })
  const self = candidates.find(({ peer }) => peer?.isSelf === true)
  const view = viewOf(self === undefined ? {} : { self })
  // As the traffic does: whoever is chosen counts as chosen.
  const decide = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const chosen = cascade.run(candidates, view, systemClock)[0]
      if (chosen !== undefined) chosen.live.elected++
    }
  }
  const times = Math.max(100, Math.round(roundMs / (timed(() => decide(2_000)) / 2_000)))
  const all = Array.from({ length: rounds }, () => timed(() => decide(times)) / times)
  return median(all) * 1e6
}

/** Processor time, ms: what other programs do meanwhile does not count. */
function timed(run: () => void): number {
  const begun = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / 1_000
}
