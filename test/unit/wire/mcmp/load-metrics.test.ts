import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mcmpLimits } from '../../../../src/base/limits.ts'
import {
  type MetricValue,
  readLoadMetrics,
  writeLoadMetrics,
} from '../../../../src/wire/mcmp/load-metrics.ts'

const metric = (given: Partial<MetricValue> = {}): MetricValue => ({
  name: 'processor',
  value: 0.42,
  capacity: 1,
  load: 0.4,
  weight: null,
  ...given,
})

test('what is written is read again', () => {
  const metrics = [
    metric(),
    metric({ name: 'queue#2', value: 12, capacity: 500, load: 0.03, weight: 2 }),
    metric({ name: 'ready', value: null, load: 1 }),
    metric({ name: 'bytes', value: 1e21, capacity: 2e-7, load: 0 }),
  ]
  const text = writeLoadMetrics(metrics)
  assert.equal(
    text.split(', ').slice(0, 3).join(', '),
    'processor;value=0.42;capacity=1;load=0.4, queue#2;value=12;capacity=500;load=0.03;weight=2, ready;capacity=1;load=1',
  )
  assert.deepEqual(readLoadMetrics(text), metrics)
  assert.equal(writeLoadMetrics([]), '')
})

test('numbers have four digits, and odd characters of a name are replaced', () => {
  const text = writeLoadMetrics([metric({ name: 'a;b, c=\r\nd\u00e4', value: 0.123456 })])
  assert.equal(text, 'a_b__c___d_;value=0.1235;capacity=1;load=0.4')
})

test('many metrics, and long names, stay within the limits', () => {
  const metrics = Array.from({ length: 100 }, (_, index) =>
    metric({ name: `${index}-${'x'.repeat(100)}` }),
  )
  const text = writeLoadMetrics(metrics)
  assert.ok(text.length <= mcmpLimits.loadMetricsBytesMax)
  const read = readLoadMetrics(text)
  assert.ok(read.length > 10 && read.length <= mcmpLimits.loadMetricsMax)
})

test('entries of another form are left out, and a field that is too long is not read', () => {
  for (const entry of [
    '',
    'a',
    'a;capacity=1',
    'a;load=1',
    'a;capacity=-1;load=0',
    'a;capacity=1;load=NaN',
    'a;capacity=1;load=0x1',
    'a;capacity=1;load=1;value=',
    'a b;capacity=1;load=1',
    '<script>;capacity=1;load=1',
    `${'a'.repeat(65)};capacity=1;load=1`,
  ])
    assert.deepEqual(readLoadMetrics(entry), [], entry)
  const good = 'b;capacity=1;load=1'
  assert.deepEqual(readLoadMetrics(`;;=,${good}`), [metric({ name: 'b', value: null, load: 1 })])
  assert.deepEqual(readLoadMetrics(`${good},${' '.repeat(2_048)}`), [])
  assert.equal(readLoadMetrics(Array(50).fill('b;capacity=1;load=1').join(',')).length, 16)
})

test('no text makes the reader fail', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3_000 }), (text) => {
      for (const { name, capacity, load } of readLoadMetrics(text)) {
        assert.match(name, /^[A-Za-z0-9_.#/:-]+$/)
        assert.ok(capacity >= 0 && load >= 0)
      }
    }),
  )
})
