// `byRoom` where loads and nodes are unusual, beside least connections: nobody goes without requests, and no answer takes
// much longer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leastConnections } from './balance/least-connections.ts'
import type { Outcome } from './balance/outcome.ts'
import { productRule } from './balance/product-rule.ts'
import type { Scenario } from './balance/scenario.ts'
import { simulate } from './balance/simulation.ts'

const seed = 7

/** Five nodes with four workers behind one proxy. */
const five: Scenario = {
  name: 'five nodes',
  proxies: 1,
  servers: 5,
  server: () => ({ workers: 4, queues: true }),
  workMs: 40,
  load: 0.7,
  requests: 20_000,
}

const failing =
  (share: number): NonNullable<Scenario['incidents']> =>
  (durationMs) =>
    [0, 1, 2, 3, 4].map((server) => ({ at: durationMs / 3, server, fails: share }))

/** At most so many times the p99 of least connections, and at least so much of the fair share for each node. */
const bounds: readonly (readonly [scenario: Scenario, p99: number, leastShare: number])[] = [
  [{ ...five, name: 'one node alone', servers: 1 }, 1.01, 0.99],
  [{ ...five, name: '20 nodes, a request a second for each', servers: 20, load: 0.01 }, 1.05, 0.5],
  [
    { ...five, name: '200 nodes, a request a second for each', servers: 200, load: 0.01 },
    1.05,
    0.02,
  ],
  [{ ...five, name: 'all nodes answer errors', incidents: failing(1) }, 1.1, 0.9],
  [
    { ...five, name: 'all nodes answer errors half of the time', incidents: failing(0.5) },
    1.1,
    0.8,
  ],
  [
    { ...five, name: 'all requests belong to sessions', sessions: { share: 1, count: 200 } },
    1.2,
    0.8,
  ],
  [{ ...five, name: 'bursts of nine times the load', load: 0.4, surge: burst }, 1.1, 0.85],
  [
    {
      ...five,
      name: 'nodes stand still for 100 to 500 ms',
      pauses: { everyMs: 5_000, minMs: 100, maxMs: 500 },
    },
    1.05,
    0.85,
  ],
]

function burst(time: number): number {
  return (200 * time) % 1 < 0.1 ? 9 : 0.1
}

for (const [scenario, p99, leastShare] of bounds) {
  test(`${scenario.name}: no node goes without requests, no answer takes much longer`, (t) => {
    const room = simulate(scenario, productRule('byRoom'), seed)
    const least = simulate(scenario, leastConnections, seed)
    const share = leastShareOf(room, scenario.servers)
    t.diagnostic(
      `p99 ${room.quantile(0.99).toFixed(0)} and ${least.quantile(0.99).toFixed(0)} ms; ` +
        `least share ${share.toFixed(2)} of the fair one`,
    )
    assert.ok(room.quantile(0.99) <= p99 * least.quantile(0.99))
    assert.ok(share >= leastShare)
  })
}

const leastShareOf = (outcome: Outcome, servers: number): number =>
  servers * Math.min(...Array.from({ length: servers }, (_, server) => outcome.shareOf(server)))
