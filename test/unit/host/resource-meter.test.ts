import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cgroup } from '../../../src/host/cgroup.ts'
import { TimerDelayMeter } from '../../../src/host/event-loop.ts'
import { ResourceMeter } from '../../../src/host/resource-meter.ts'

/** A container with two processors, of which `used` ms were used, and 1000 bytes of memory. */
const container = { used: 0 }
const group: Cgroup = {
  version: 2,
  cpu: () => ({ used: container.used, limit: 2 }),
  memory: () => ({ used: 400, limit: 1_000 }),
}

test('in a container the figures are those of its control group', () => {
  container.used = 0
  const meter = new ResourceMeter(1_000, 0, new TimerDelayMeter(250, 0), group)
  container.used = 500
  const { cores, cpuIdle, memoryTotal, memoryAvailable } = meter.read(1_000)
  assert.equal(cores, 2)
  assert.equal(cpuIdle, 0.75)
  assert.equal(memoryTotal, 1_000)
  assert.equal(memoryAvailable, 600)
})

test('within one period the last figures are returned', () => {
  container.used = 0
  const meter = new ResourceMeter(1_000, 0, new TimerDelayMeter(250, 0), group)
  container.used = 500
  const first = meter.read(1_000)
  container.used = 2_500
  assert.equal(meter.read(1_999), first)
  assert.equal(meter.read(2_000).cpuIdle, 0)
})

test('the highest load is a power of two that is never below the load', () => {
  const meter = new ResourceMeter(1_000, 0, new TimerDelayMeter(250, 0), group)
  const { load, loadHigh } = meter.read(1_000)
  assert.ok(loadHigh >= load)
  assert.equal(Math.log2(loadHigh) % 1, 0)
})
