import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkLoad,
  LoadFactor,
  type LoadSettings,
  type Reading,
} from '../../../src/agent/load-factor.ts'
import type { LoadMetric, LoadRound } from '../../../src/agent/load-metric.ts'
import { agentDefaults } from '../../../src/agent/options.ts'
import { type Logger, silent } from '../../../src/base/log.ts'

const round: LoadRound = { nowMs: 0, inFlight: 0, busyMs: 0, completed: 0, bytesIn: 0, bytesOut: 0 }

function constant(value: number, more: Partial<LoadMetric> = {}): LoadMetric {
  return { name: 'constant', read: () => value, ...more }
}

const defaults: LoadSettings = { history: 9, decay: 2, initialLoad: 0 }

interface Given extends Partial<LoadSettings> {
  readonly metrics?: readonly LoadMetric[]
  readonly log?: Logger
}

function factors(count: number, given: Given): number[] {
  const { metrics = [constant(0)], log = silent, ...settings } = given
  const factor = new LoadFactor(metrics, { ...defaults, ...settings }, log)
  return Array.from({ length: count }, () => factor.next(round))
}

test('the factor of an idle node rises slowly', () => {
  assert.deepEqual(factors(8, {}), [50, 75, 88, 94, 97, 99, 99, 100])
})

test('a higher initial load shortens the ramp', () => {
  assert.deepEqual(factors(7, { initialLoad: 50 }), [75, 88, 94, 97, 98, 99, 100])
})

test('a constant load is approached from a full load', () => {
  assert.deepEqual(factors(7, { metrics: [constant(0.4)] }), [30, 45, 53, 56, 58, 59, 60])
})

test('with the initial load -1 the first factor is the measured one', () => {
  assert.deepEqual(factors(2, { initialLoad: -1, metrics: [constant(0.25)] }), [75, 75])
})

test('without history only the newest value counts; with decay 1 all values count the same', () => {
  assert.deepEqual(factors(1, { history: 0 }), [100])
  const values = [1, 0, 0, 0]
  const metric = { name: 'falling', read: () => values.shift() }
  const options = { metrics: [metric], decay: 1, history: 3, initialLoad: -1 }
  assert.deepEqual(factors(4, options), [1, 50, 67, 75])
})

test('the factor of an overloaded node stays within 1 and 100', () => {
  assert.deepEqual(factors(2, { initialLoad: -1, metrics: [constant(40)] }), [1, 1])
})

test('weight and capacity set how much a metric counts', () => {
  const metrics = [
    constant(1, { weight: 3 }),
    constant(0, { weight: 1 }),
    constant(9, { weight: 0 }),
  ]
  assert.deepEqual(factors(1, { initialLoad: -1, metrics }), [25])
  assert.deepEqual(
    factors(1, { initialLoad: -1, metrics: [constant(30, { capacity: 120 })] }),
    [75],
  )
})

test('the values behind the factor are told: of all processes, with the load that counted', () => {
  const factor = new LoadFactor([], { ...defaults, initialLoad: -1, decay: 1 }, silent)
  const reading = { name: 'queue', capacity: 10 }
  factor.combine([[{ ...reading, value: 2 }], [{ ...reading, value: 4 }]])
  const load = factor.combine([[{ ...reading, value: 8 }], [{ ...reading, value: 10 }]])
  assert.equal(load, 40)
  assert.deepEqual(factor.metrics, [
    { name: 'queue', value: 18, capacity: 20, load: 0.6, weight: null },
  ])
  assert.equal(factor.combine([[{ ...reading, weight: 2, value: 'unavailable' }]]), -1)
  assert.deepEqual(factor.metrics, [
    { name: 'queue', value: null, capacity: 10, load: 1, weight: 2 },
  ])
})

test('the greatest load counts, unless a metric has a weight', () => {
  const loads = [constant(0.2), constant(0.9), constant(0.4)]
  assert.deepEqual(factors(1, { initialLoad: -1, metrics: loads }), [10])
  const metrics = [...loads, constant(0.5, { weight: 1 })]
  assert.deepEqual(factors(1, { initialLoad: -1, metrics }), [50])
})

/** Greatest difference of the busy shares of nodes over the last of 100 reports, as they share requests by load factor. */
function swing(settings: LoadSettings, speeds: readonly number[], load: number): number[][] {
  const capacity = speeds.reduce((sum, speed) => sum + speed, 0)
  const busy = speeds.map(() => load)
  const nodes = speeds.map((_, at) => {
    const metric = { name: 'busy', read: () => busy[at] }
    return new LoadFactor([metric], settings, silent)
  })
  // One node begins at another load than the rest.
  busy[0] = load - 0.1
  return Array.from({ length: 100 }, () => {
    const shares = nodes.map((node) => node.next(round))
    const sum = shares.reduce((total, share) => total + share, 0)
    for (const [at, speed] of speeds.entries())
      busy[at] = Math.min(1, (load * capacity * (shares[at] ?? 0)) / sum / speed)
    return [...busy]
  }).slice(-20)
}

test('the loop of load factors and shares is stable at 85 % with the default settings, and not with a decay of 2', () => {
  const spread = (settings: LoadSettings): number => {
    const rounds = swing(settings, [1, 1], 0.85)
    return Math.max(...rounds.map((busy) => Math.max(...busy) - Math.min(...busy)))
  }
  const { defaultLoad, configuredLoad, initialLoad } = agentDefaults
  assert.ok(spread({ ...defaultLoad, initialLoad }) < 0.05)
  assert.ok(spread({ ...configuredLoad, initialLoad }) > 0.25)
})

test('a node of a quarter of the speed settles below its capacity', () => {
  const { defaultLoad, initialLoad } = agentDefaults
  for (const load of [0.5, 0.6, 0.7]) {
    const rounds = swing({ ...defaultLoad, initialLoad }, [1, 1, 1, 1, 0.25], load)
    const slow = rounds.map((busy) => busy[4] ?? 1)
    assert.ok(Math.max(...slow) < 0.98, `busy at ${load}: ${Math.max(...slow)}`)
    // Load factors are whole numbers: a step from 10 to 11 is a tenth of the node's requests.
    assert.ok(Math.max(...slow) - Math.min(...slow) < 0.09, `swing at ${load}`)
  }
})

test('a metric that throws or returns no number is left out, and logged once', () => {
  const warnings: string[] = []
  const log: Logger = { ...silent, warn: (detail) => warnings.push(JSON.stringify(detail)) }
  const broken: LoadMetric = {
    name: 'broken',
    read() {
      throw new Error('no such sensor')
    },
  }
  const metrics = [broken, constant(Number.NaN, { name: 'nan' }), constant(0.5)]
  assert.deepEqual(factors(3, { initialLoad: -1, metrics, log }), [50, 50, 50])
  assert.equal(warnings.length, 2)
  assert.match(warnings[0] ?? '', /broken.*no such sensor/)
})

test('a failing metric does not raise the factor', () => {
  const values: (number | undefined)[] = [0.8, undefined, Number.NaN]
  const metric = { name: 'fading', read: () => values.shift() }
  assert.deepEqual(factors(3, { initialLoad: -1, metrics: [metric] }), [20, 20, 20])
  assert.deepEqual(factors(2, { metrics: [constant(Number.NaN)] }), [1, 1])
  assert.deepEqual(factors(1, { metrics: [constant(0, { weight: 0 })] }), [1])
})

test('a metric can make the whole node unavailable while the others continue', () => {
  let out = true
  const guard: LoadMetric = { name: 'guard', read: () => (out ? 'unavailable' : undefined) }
  const factor = new LoadFactor([guard, constant(0)], defaults, silent)
  assert.equal(factor.next(round), -1)
  assert.equal(factor.next(round), -1)
  out = false
  assert.equal(factor.next(round), 88)
})

test('a setting out of range is a problem that names it', () => {
  const problemsOf = ({ metrics = [], ...settings }: Given): string[] => {
    const problems: string[] = []
    checkLoad(metrics, { ...defaults, ...settings }, problems)
    return problems
  }
  assert.deepEqual(problemsOf({ metrics: [constant(0)], initialLoad: -1 }), [])
  const bad: readonly (readonly [Given, RegExp])[] = [
    [{ metrics: [constant(0, { weight: -1 })] }, /metric constant, weight -1/],
    [{ metrics: [constant(0, { capacity: 0 })] }, /metric constant, capacity 0/],
    [{ history: -1 }, /history -1/],
    [{ history: 1.5 }, /history 1.5/],
    [{ decay: Number.NaN }, /decay NaN/],
    [{ initialLoad: 101 }, /initialLoad 101/],
  ]
  for (const [given, text] of bad) assert.match(problemsOf(given).join(), text)
})

test('the values of several processes are added up, and so are their capacities', () => {
  const load = new LoadFactor([], { ...defaults, history: 0, initialLoad: -1 }, silent)
  const reading = (value: number, capacity: number): Reading => ({ name: 'm', value, capacity })
  assert.equal(load.combine([[reading(6, 10)], [reading(0, 10)]]), 70)
  assert.equal(load.combine([[reading(6, 10)], [reading(0, 90)]]), 94)
  assert.equal(load.combine([[reading(1, 1)], []]), 1)
  assert.equal(load.combine([[reading(0.2, 1)], [{ name: 'other', value: 0.5, capacity: 1 }]]), 50)
})

test('one unavailable process of several counts as full, and all of them as unavailable', () => {
  const load = new LoadFactor([], { ...defaults, history: 0, initialLoad: -1 }, silent)
  const unavailable: Reading = { name: 'm', value: 'unavailable', capacity: 10 }
  assert.equal(load.combine([[unavailable], [{ name: 'm', value: 0, capacity: 30 }]]), 75)
  assert.equal(load.combine([[unavailable], [unavailable]]), -1)
  assert.equal(load.combine([[unavailable], [{ name: 'm', capacity: 30 }]]), -1)
})

test('a process that restores the state of another continues its averages', () => {
  const settings = { ...defaults, decay: 1 }
  const [first, second] = [constant(0.2), constant(0.2)].map(
    (metric) => new LoadFactor([metric], settings, silent),
  ) as [LoadFactor, LoadFactor]
  for (let i = 0; i < 20; i++) first.next(round)
  second.restore(JSON.parse(JSON.stringify(first.state)))
  assert.equal(second.next(round), 80)
})

test('two metrics of one name are two metrics', () => {
  const metrics = [constant(0), constant(0.9), constant(0)]
  assert.deepEqual(factors(1, { metrics, initialLoad: -1 }), [10])
})
