import assert from 'node:assert/strict'
import { test } from 'node:test'
import { busyShare, machineCpu, processCpu } from '../../../src/host/cpu.ts'
import { EventLoopDelayMeter, EventLoopMeter } from '../../../src/host/event-loop.ts'
import { loadAverage } from '../../../src/host/load-average.ts'
import { grantedMemory, heapShare } from '../../../src/host/memory.ts'

/** Keeps the processor busy, since some of the readings are about just that. */
function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a share is the difference of two readings, and none without time between them', () => {
  assert.equal(busyShare({ busyMs: 10, totalMs: 100 }, { busyMs: 40, totalMs: 200 }), 0.3)
  assert.equal(busyShare({ busyMs: 10, totalMs: 100 }, { busyMs: 10, totalMs: 100 }), undefined)
})

test('a process that spins is seen to use its processor', () => {
  const [start, from, own] = [machineCpu(), performance.now(), process.cpuUsage()]
  const before = processCpu(from)
  spin(150)
  const used = process.cpuUsage(own)
  const after = performance.now()
  const share = busyShare(before, processCpu(after))
  // On a busy machine the process does not get a whole core: what it got is what must be seen.
  const got = (used.user + used.system) / 1_000 / (after - from)
  assert.ok(share !== undefined && share > got / 2, `process ${share}, it got ${got}`)
  const machine = busyShare(start, machineCpu())
  assert.ok(machine === undefined || (machine > 0 && machine <= 1), `machine ${machine}`)
})

test('the event loop meter tells busy from idle', async () => {
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

test('a blocked event loop shows as delay', async () => {
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

test('memory, heap and load average are shares of something', () => {
  const { total, available } = grantedMemory(undefined)
  for (const share of [available / total, heapShare()]) assert.ok(share > 0 && share < 1)
  const load = loadAverage()
  assert.ok(load === undefined || load >= 0)
})
