import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  boundsMs,
  newNodeTimes,
  newRequestTimes,
  nodeHistograms,
  requestHistograms,
  statusClasses,
} from '../../../src/cluster/times.ts'

const { duration, attempts } = requestHistograms

test('a time is counted in the first bucket whose bound it does not exceed', () => {
  const times = newRequestTimes()
  for (const ms of [0, 0.5, 0.6, 60_000, 60_001]) times.observe(duration, ms)
  const buckets = [...times.values.subarray(duration.at, duration.at + boundsMs.length + 1)]
  assert.deepEqual(buckets.slice(0, 2), [2, 1])
  assert.deepEqual(buckets.slice(-2), [1, 1])
  assert.equal(times.values[duration.at + boundsMs.length + 1], 120_002.1)
})

test('the histograms of a row do not share numbers', () => {
  for (const [times, all] of [
    [newRequestTimes(), requestHistograms],
    [newNodeTimes(), nodeHistograms],
  ] as const) {
    for (const histogram of Object.values(all)) {
      times.observe(histogram, 0)
      times.observe(histogram, Number.MAX_VALUE)
    }
    times.count(0)
    times.count(599)
    const ones = times.values.filter((value) => value === 1).length
    assert.equal(ones, 2 * Object.keys(all).length + 2)
  }
})

test('statuses are counted by their hundreds, and what is no status is not counted', () => {
  const times = newRequestTimes()
  for (const status of [0, 101, 204, 304, 404, 503, 600, 999]) times.count(status)
  assert.deepEqual([...times.values.subarray(0, statusClasses.length)], [1, 1, 1, 1, 1, 1])
})

test('what has grown since the last collection is added up elsewhere, once', () => {
  const here = newRequestTimes()
  const sum = newRequestTimes()
  here.count(200)
  here.observe(attempts, 1)
  sum.add(here.collect())
  assert.deepEqual(here.collect(), [])
  here.count(200)
  here.observe(duration, 3)
  sum.add(JSON.parse(JSON.stringify(here.collect())))
  assert.deepEqual(sum.values, here.values)
})
