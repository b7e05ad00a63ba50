// The balancing rule `byRoom`, with the classes of the product, beside an omniscient rule and beside least connections: a
// small part of what bench/balance-model.ts prints.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leastConnections } from './balance/least-connections.ts'
import { oracle } from './balance/omniscient.ts'
import { productRule } from './balance/product-rule.ts'
import type { Scenario } from './balance/scenario.ts'
import { scenarios } from './balance/scenarios.ts'
import { simulate } from './balance/simulation.ts'

const requests = 20_000
const seeds = [1, 2, 3]

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** At most so many times, on the average of the seeds, the p99 of the oracle, and of least connections. */
const bounds: readonly (readonly [name: string, ofOracle: number, ofLeastConnections: number])[] = [
  ['a2', 1.14, 0.75],
  ['b3', 1.3, 0.65],
  ['c3', 1.32, 0.35],
  ['n1', 1.23, 0.35],
  ['z1', 1.23, 1.08],
  ['z2', 1.17, 0.6],
]

for (const [begin, ofOracle, ofLeastConnections] of bounds) {
  const found = scenarios.find(({ name }) => name.startsWith(`${begin} `))
  const scenario: Scenario = { ...found!, requests }
  test(`${scenario.name}: p99 is near the best that is possible`, (t) => {
    const [room, best, least] = [productRule('byRoom'), oracle, leastConnections].map((rule) =>
      mean(seeds.map((seed) => simulate(scenario, rule, seed).quantile(0.99))),
    ) as [number, number, number]
    t.diagnostic(
      `${room.toFixed(0)} ms, of the oracle ${best.toFixed(0)}, of least connections ${least.toFixed(0)}`,
    )
    assert.ok(room <= ofOracle * best, `${(room / best).toFixed(2)} times the oracle's`)
    assert.ok(room <= ofLeastConnections * least, `${(room / least).toFixed(2)} times theirs`)
  })
}

test('one of five that fails at once costs one request in a thousand', () => {
  const scenario = scenarios.find(({ name }) => name.startsWith('g1 '))!
  const { errors } = simulate(scenario, productRule('byRoom'), 1)
  assert.ok(errors > 0 && errors <= 0.001, `${errors}`)
})
