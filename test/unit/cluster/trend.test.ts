import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newRequestTimes, requestHistograms } from '../../../src/cluster/times.ts'
import { retriedPerSecond, trendOf } from '../../../src/cluster/trend.ts'

const { duration } = requestHistograms

test('rates and times are those of the stretch alone', () => {
  const times = newRequestTimes()
  for (let i = 0; i < 100; i++) {
    times.count(200)
    times.observe(duration, 4_000)
  }
  const before = times.values.slice()
  for (let i = 0; i < 98; i++) {
    times.count(200)
    times.observe(duration, 3)
  }
  for (let i = 0; i < 2; i++) {
    times.count(503)
    times.observe(duration, 40)
  }
  const { perSecond, errorsPerSecond, p50Ms, p99Ms } = trendOf(times.values, before, 10_000)
  assert.deepEqual([perSecond, errorsPerSecond], [10, 0.2])
  assert.ok(p50Ms !== null && p50Ms > 2.5 && p50Ms < 5, `${p50Ms}`)
  assert.ok(p99Ms !== null && p99Ms > 25 && p99Ms <= 50, `${p99Ms}`)
})

test('without requests there are no times, and times beyond the last bucket are its bound', () => {
  const times = newRequestTimes()
  assert.deepEqual(trendOf(times.values, undefined, 0), {
    perSecond: 0,
    errorsPerSecond: 0,
    p50Ms: null,
    p99Ms: null,
  })
  times.count(200)
  times.observe(duration, 100_000)
  assert.equal(trendOf(times.values, undefined, 1_000).p99Ms, 60_000)
})

test('requests that were sent more than once are counted, in the stretch alone', () => {
  const times = newRequestTimes()
  const { attempts } = requestHistograms
  for (const count of [0, 1, 2, 9]) times.observe(attempts, count)
  const before = times.values.slice()
  for (const count of [0, 1, 1, 2, 3, 4, 20]) times.observe(attempts, count)
  assert.equal(retriedPerSecond(times.values, before, 2_000), 2)
  assert.equal(retriedPerSecond(times.values, undefined, 1_000), 6)
})
