// The peak-sensitive average of a server's latency.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latencyNow, newLatency, observeLatency } from '../../../src/cluster/latency.ts'

test('a slow response counts at once and in full, fast ones reduce the average slowly', () => {
  const latency = newLatency()
  observeLatency(latency, 10, 0)
  observeLatency(latency, 500, 100)
  assert.equal(latency.ms, 500)
  observeLatency(latency, 10, 1_100)
  assert.ok(latency.ms > 400, `${latency.ms}`)
  for (let at = 2; at < 60; at++) observeLatency(latency, 10, at * 1_000)
  assert.ok(latency.ms < 12, `${latency.ms}`)
})

test('the average decays while no request is sent', () => {
  const latency = newLatency()
  observeLatency(latency, 1_000, 0)
  assert.equal(latencyNow(latency, 0), 1_000)
  assert.ok(latencyNow(latency, 60_000) < 3)
})

test('a clock that stops or steps back does no harm', () => {
  const latency = newLatency()
  observeLatency(latency, 10, 1_000)
  observeLatency(latency, 5, 500)
  assert.equal(latency.ms, 10)
  assert.equal(latencyNow(latency, 0), 10)
})
