import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadFactor, type LoadFactorOptions } from '../../../src/agent/load-factor.ts'
import type { LoadMetric, LoadRound } from '../../../src/agent/load-metric.ts'
import { type Logger, silent } from '../../../src/base/log.ts'

const round: LoadRound = { nowMs: 0, inFlight: 0, completed: 0, bytesIn: 0, bytesOut: 0 }

function constant(value: number, more: Partial<LoadMetric> = {}): LoadMetric {
  return { name: 'constant', read: () => value, ...more }
}

function factors(count: number, options: Partial<LoadFactorOptions>): number[] {
  const factor = new LoadFactor({ metrics: [constant(0)], log: silent, ...options })
  return Array.from({ length: count }, () => factor.next(round))
}

test('an idle node is believed to be free little by little', () => {
  assert.deepEqual(factors(8, {}), [50, 75, 88, 94, 97, 99, 99, 100])
})

test('a higher initial load shortens the ramp', () => {
  assert.deepEqual(factors(7, { initialLoad: 50 }), [75, 88, 94, 97, 98, 99, 100])
})

test('a constant load is approached from fully loaded', () => {
  assert.deepEqual(factors(7, { metrics: [constant(0.4)] }), [30, 45, 53, 56, 58, 59, 60])
})

test('initial load -1 starts with what was measured', () => {
  assert.deepEqual(factors(2, { initialLoad: -1, metrics: [constant(0.25)] }), [75, 75])
})

test('without history only the newest value counts, with decay 1 all count alike', () => {
  assert.deepEqual(factors(1, { history: 0 }), [100])
  const values = [1, 0, 0, 0]
  const metric = { name: 'falling', read: () => values.shift() }
  const options = { metrics: [metric], decay: 1, history: 3, initialLoad: -1 }
  assert.deepEqual(factors(4, options), [1, 50, 67, 75])
})

test('the factor stays within 1 and 100 however overloaded the node is', () => {
  assert.deepEqual(factors(2, { initialLoad: -1, metrics: [constant(40)] }), [1, 1])
})

test('weight and capacity say how much a metric counts', () => {
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

test('a metric that throws or gives no number is left out and complained about once', () => {
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

test('a failing metric does not make a node look free', () => {
  const values: (number | undefined)[] = [0.8, undefined, Number.NaN]
  const metric = { name: 'fading', read: () => values.shift() }
  assert.deepEqual(factors(3, { initialLoad: -1, metrics: [metric] }), [20, 20, 20])
  assert.deepEqual(factors(2, { metrics: [constant(Number.NaN)] }), [1, 1])
  assert.deepEqual(factors(1, { metrics: [constant(0, { weight: 0 })] }), [1])
})

test('a metric can take the whole node out, and the others keep recording', () => {
  let out = true
  const guard: LoadMetric = { name: 'guard', read: () => (out ? 'unavailable' : undefined) }
  const factor = new LoadFactor({ metrics: [guard, constant(0)], log: silent })
  assert.equal(factor.next(round), -1)
  assert.equal(factor.next(round), -1)
  out = false
  assert.equal(factor.next(round), 88)
})

test('settings out of range are refused by name', () => {
  const bad: [Partial<LoadFactorOptions>, RegExp][] = [
    [{ metrics: [constant(0, { weight: -1 })] }, /weight -1/],
    [{ metrics: [constant(0, { capacity: 0 })] }, /capacity 0/],
    [{ history: -1 }, /history/],
    [{ initialLoad: 101 }, /initialLoad/],
  ]
  for (const [options, message] of bad) assert.throws(() => factors(1, options), message)
})
