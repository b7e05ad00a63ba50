import assert from 'node:assert/strict'
import { test } from 'node:test'
import { busyShare, machineCpu } from '../../../src/host/cpu.ts'
import {
  EventLoopDelayMeter,
  EventLoopMeter,
  TimerDelayMeter,
} from '../../../src/host/event-loop.ts'
import { loadAverage } from '../../../src/host/load-average.ts'
import { grantedMemory, heapShare } from '../../../src/host/memory.ts'

/** Keeps the processor busy. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a busy share is the difference of two readings, and undefined when no time has passed', () => {
  assert.equal(busyShare({ busyMs: 10, totalMs: 100 }, { busyMs: 40, totalMs: 200 }), 0.3)
  assert.equal(busyShare({ busyMs: 10, totalMs: 100 }, { busyMs: 10, totalMs: 100 }), undefined)
})

test('the busy share of the machine is between 0 and 1, and above 0 while this process spins', () => {
  const before = machineCpu()
  spin(150)
  const share = busyShare(before, machineCpu())
  assert.ok(share === undefined || (share > 0 && share <= 1), `${share}`)
})

test('the event loop meter measures the time in which the loop was active', async () => {
  const meter = new EventLoopMeter()
  await new Promise((resolve) => setTimeout(resolve, 20))
  meter.read()
  await new Promise<void>((resolve) =>
    setTimeout(() => {
      spin(60)
      resolve()
    }, 5),
  )
  const busy = meter.read()
  assert.ok(busy.activeMs >= 40, `active ${busy.activeMs} ms`)
  assert.ok(busy.utilization > 0.3 && busy.utilization <= 1, `utilization ${busy.utilization}`)
})

test('a blocked event loop has a delay', async () => {
  const meter = new EventLoopDelayMeter()
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    spin(60)
  }
  await new Promise((resolve) => setTimeout(resolve, 30))
  const delay = meter.read()
  meter.close()
  assert.ok(delay !== undefined && delay > 5, `delay ${delay} ms`)
})

test('a timer that fires late has a delay, once', () => {
  const meter = new TimerDelayMeter(250, 1_000)
  assert.equal(meter.read(), undefined)
  meter.fired(1_250)
  meter.fired(1_600)
  assert.equal(meter.read(), 50)
  meter.fired(1_850)
  assert.equal(meter.read(), 0)
})

test('memory, heap and load average are in their ranges', () => {
  const { total, available } = grantedMemory(undefined)
  for (const share of [available / total, heapShare()]) assert.ok(share > 0 && share < 1)
  const load = loadAverage()
  assert.ok(load === undefined || load >= 0)
})
