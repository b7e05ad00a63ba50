import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureLimits } from '../../../src/base/limits.ts'
import type { Application } from '../../../src/cluster/candidate.ts'
import { RequestTimes } from '../../../src/cluster/request-times.ts'

const application = (path: string, balancer = 'b'): Application =>
  ({ path, balancer: { name: balancer }, measured: [] }) as unknown as Application

const labelsOf = (table: RequestTimes): readonly string[] =>
  [...table.rows()].map(({ listener, balancer, context }) => `${listener} ${balancer} ${context}`)

test('requests are counted by listener, balancer and context', () => {
  const table = new RequestTimes()
  const [http, https] = [table.listener('127.0.0.1:80'), table.listener('127.0.0.1:443')]
  const shop = application('/shop')
  assert.equal(table.listener('127.0.0.1:80'), http)
  assert.equal(table.of(shop, http), table.of(shop, http))
  assert.notEqual(table.of(shop, http), table.of(shop, https))
  // Another version or alias of the same context.
  assert.equal(table.of(application('/shop'), http), table.of(shop, http))
  table.of(application(''), http)
  table.of(application('', ''), http)
  assert.deepEqual(labelsOf(table), [
    '127.0.0.1:80 b /shop',
    '127.0.0.1:443 b /shop',
    '127.0.0.1:80 b /',
    '127.0.0.1:80  ',
  ])
})

test('contexts and listeners beyond the limits are counted as others', () => {
  const table = new RequestTimes()
  const last = measureLimits.listenersMax - 1
  for (let i = 0; i < last; i++) table.listener(`l${i}`)
  assert.equal(table.listener('one too many'), last)
  assert.equal(table.listener('two too many'), last)
  for (let i = 0; i < measureLimits.contextsMax; i++) table.of(application(`/${i}`), 0)
  const beyond = table.of(application('/beyond'), 0)
  assert.equal(table.of(application('/further'), 0), beyond)
  assert.notEqual(table.of(application('/beyond'), last), beyond)
  assert.deepEqual(labelsOf(table).slice(measureLimits.contextsMax), [
    'l0 other other',
    'other other other',
  ])
})

test('the rows of several processes are added up by their labels', () => {
  const sum = new RequestTimes()
  for (const count of [2, 3]) {
    const table = new RequestTimes()
    const at = table.listener('l')
    for (let i = 0; i < count; i++) table.of(application('/a'), at).count(200)
    sum.add(JSON.parse(JSON.stringify(table.collect())))
    assert.deepEqual(table.collect(), [])
  }
  const [row, ...others] = [...sum.rows()]
  assert.deepEqual([row?.context, row?.times.values[2], others.length], ['/a', 5, 0])
})
