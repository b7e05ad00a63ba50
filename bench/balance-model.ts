// `node dist/bench/balance-model.js [SEEDS] [SCENARIO ...]`: rules of balancing in simulations with the product's own
// decisions, as times over those of an omniscient rule. Seeds with commas; scenarios by the begin of their name.

import { leastConnections } from '../test/sim/balance/least-connections.ts'
import { oracle, shortestQueue } from '../test/sim/balance/omniscient.ts'
import type { Outcome } from '../test/sim/balance/outcome.ts'
import { prequal } from '../test/sim/balance/prequal.ts'
import { productRule } from '../test/sim/balance/product-rule.ts'
import type { RuleMaker } from '../test/sim/balance/rule.ts'
import { scenarios } from '../test/sim/balance/scenarios.ts'
import { simulate } from '../test/sim/balance/simulation.ts'

const rules: ReadonlyMap<string, RuleMaker> = new Map([
  ['JSQ', shortestQueue],
  ['2 choices', productRule('byInFlight 2')],
  ['leastconn', leastConnections],
  ['byLatency', productRule('byLatency')],
  ['Prequal', prequal({ hotQuantile: 0.5 })],
  ['byRoom', productRule('byRoom')],
])

const figures: ReadonlyMap<string, (outcome: Outcome) => number> = new Map([
  ['p50', (outcome: Outcome) => outcome.quantile(0.5)],
  ['mean', (outcome: Outcome) => outcome.mean],
  ['p99', (outcome: Outcome) => outcome.quantile(0.99)],
  ['p99.9', (outcome: Outcome) => outcome.quantile(0.999)],
])

const [seedsText = '1001,1002,1003', ...wanted] = process.argv.slice(2)
const seeds = seedsText.split(',').map(Number)
const chosen = scenarios.filter(
  ({ name }) => wanted.length === 0 || wanted.some((begin) => name.startsWith(begin)),
)

const line = (name: string, cells: readonly string[]): void => {
  console.log(name.padEnd(42) + cells.map((cell) => cell.padStart(11)).join(''))
}
/** Logarithms of the ratios to the oracle: by figure, rule and scenario. */
const logs = new Map(
  [...figures.keys()].map((figure) => [
    figure,
    new Map([...rules.keys()].map((rule) => [rule, [] as number[]])),
  ]),
)
const errors: string[] = []

line(`p99 over the oracle's (its own, ms)`, [...rules.keys()])
for (const scenario of chosen) {
  const best = seeds.map((seed) => simulate(scenario, oracle, seed))
  const cells: string[] = []
  const failed: string[] = []
  for (const [rule, make] of rules) {
    const outcomes = seeds.map((seed) => simulate(scenario, make, seed))
    for (const [figure, of] of figures) {
      const log = meanOf(outcomes.map((outcome, index) => Math.log(of(outcome) / of(best[index]!))))
      logs.get(figure)!.get(rule)!.push(log)
      if (figure === 'p99') cells.push(Math.exp(log).toFixed(2))
    }
    failed.push((100 * meanOf(outcomes.map((outcome) => outcome.errors))).toFixed(2))
  }
  const own = Math.exp(meanOf(best.map((outcome) => Math.log(outcome.quantile(0.99)))))
  line(`${scenario.name} (${own.toFixed(0)})`, cells)
  if (failed.some((share) => share !== '0.00')) errors.push(scenario.name, ...failed)
}
console.log()
for (const figure of figures.keys()) {
  const of = (rule: string): number[] => logs.get(figure)!.get(rule)!
  line(
    `${figure}, geometric mean`,
    [...rules.keys()].map((rule) => Math.exp(meanOf(of(rule))).toFixed(3)),
  )
  line(
    `${figure}, worst`,
    [...rules.keys()].map((rule) => Math.exp(Math.max(...of(rule))).toFixed(2)),
  )
}
console.log()
const against = logs.get('p99')!
const room = against.get('byRoom')!
line(
  'byRoom p99 over theirs, geometric mean',
  [...rules.keys()].map((rule) =>
    Math.exp(meanOf(room.map((log, at) => log - against.get(rule)![at]!))).toFixed(3),
  ),
)
line(
  'byRoom p99 over theirs, worst',
  [...rules.keys()].map((rule) =>
    Math.exp(Math.max(...room.map((log, at) => log - against.get(rule)![at]!))).toFixed(2),
  ),
)
while (errors.length > 0) {
  const [name = '', ...cells] = errors.splice(0, 1 + rules.size)
  line(`${name}, errors %`, cells)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
