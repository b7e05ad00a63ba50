import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoadMetric, LoadRound } from '../../../src/agent/load-metric.ts'
import { busyness } from '../../../src/agent/metrics/busyness.ts'
import { concurrencyUse } from '../../../src/agent/metrics/concurrency.ts'
import { eventLoopDelay, eventLoopUse } from '../../../src/agent/metrics/event-loop.ts'
import { heap, memory } from '../../../src/agent/metrics/memory.ts'
import { processor, systemLoad } from '../../../src/agent/metrics/processor.ts'
import { receiveRate, requestRate, sendRate } from '../../../src/agent/metrics/rate.ts'
import { sessions } from '../../../src/agent/metrics/sessions.ts'
import { ProcessorMeter } from '../../../src/host/processor-meter.ts'

function round(more: Partial<LoadRound>): LoadRound {
  return { nowMs: 0, inFlight: 0, busyMs: 0, completed: 0, bytesIn: 0, bytesOut: 0, ...more }
}

test('every metric has a name of its own and returns a number or undefined', () => {
  const metrics: LoadMetric[] = [
    busyness(),
    concurrencyUse(),
    eventLoopDelay(),
    eventLoopUse(),
    heap(),
    memory(),
    processor(),
    receiveRate({ capacity: 1 }),
    requestRate({ capacity: 1 }),
    sendRate({ capacity: 1 }),
    sessions({ capacity: 1, count: () => 3 }),
    systemLoad(),
  ]
  assert.equal(new Set(metrics.map((metric) => metric.name)).size, metrics.length)
  for (const metric of metrics) {
    const value = metric.read(round({}))
    assert.ok(value === undefined || (typeof value === 'number' && value >= 0), metric.name)
    metric.close?.()
  }
})

test('busyness with a capacity is the number in flight', () => {
  const metric = busyness({ capacity: 20 })
  assert.equal(metric.capacity, 20)
  assert.equal(metric.read(round({ inFlight: 5 })), 5)
})

test('busyness estimates the capacity from the use of the event loop', async () => {
  const metric = busyness()
  assert.equal(metric.read(round({ inFlight: 0 })), 0)
  const end = performance.now() + 50
  await new Promise<void>((resolve) =>
    setTimeout(() => {
      while (performance.now() < end);
      resolve()
    }, 5),
  )
  const value = metric.read(round({ inFlight: 10 }))
  assert.ok(typeof value === 'number' && value > 0.1 && value <= 1, `busyness ${value}`)
})

test('the use of the concurrency is the busy share of the time between two readings', () => {
  const metric = concurrencyUse()
  assert.equal(metric.read(round({ nowMs: 1000, busyMs: 300 })), undefined)
  assert.equal(metric.read(round({ nowMs: 3000, busyMs: 1800 })), 0.75)
  assert.equal(metric.read(round({ nowMs: 3000, busyMs: 1800 })), undefined)
})

test('a rate needs two readings', () => {
  const metric = requestRate({ capacity: 100 })
  assert.equal(metric.read(round({ nowMs: 1000, completed: 40 })), undefined)
  assert.equal(metric.read(round({ nowMs: 3000, completed: 100 })), 30)
})

test('a control group with a limit replaces the machine', () => {
  let used = 1000
  const cpu = () => ({ used, limit: 2 })
  const meter = new ProcessorMeter({ version: 2, cpu, memory: () => undefined })
  assert.equal(meter.read(5000), undefined)
  used += 500
  assert.equal(meter.read(6000), 0.25)
})
