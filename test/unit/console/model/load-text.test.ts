import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiMetric } from '../../../../src/console/model/api.ts'
import { loadFactorText } from '../../../../src/console/model/load-text.ts'

const metric = (given: Partial<ApiMetric>): ApiMetric => ({
  name: 'processor',
  value: 0.4,
  capacity: 1,
  load: 0.38,
  weight: null,
  ...given,
})

test('the metric that makes the factor is named', () => {
  const metrics = [metric({}), metric({ name: 'memory', load: 0.2 })]
  assert.equal(
    loadFactorText(62, metrics),
    'Load factor 62: 100 less the greatest load, which is that of processor (38 %).',
  )
})

test('with weights it is their mean', () => {
  const metrics = [metric({ weight: 2 }), metric({ name: 'memory', load: 0.2, weight: 1 })]
  assert.match(loadFactorText(68, metrics), /^Load factor 68: .* weighted mean .*processor/)
})

test('a metric that reports unavailable comes first, and no metrics are explained', () => {
  assert.equal(
    loadFactorText(-1, [metric({}), metric({ name: 'ready', value: null })]),
    'ready reports that the node is unavailable.',
  )
  assert.match(loadFactorText(50, []), /^The node does not tell its metrics/)
})
