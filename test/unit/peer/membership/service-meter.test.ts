import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MovingMedian, ServiceMeter } from '../../../../src/peer/membership/service-meter.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

test('the moving median ignores the largest values and follows a change', () => {
  const random = seededRandom(3)
  const median = new MovingMedian()
  for (let i = 0; i < 2_000; i++) median.add(i % 20 === 0 ? 60_000 : 5 + random() * 10)
  assert.ok(median.value > 8 && median.value < 13, `${median.value}`)
  for (let i = 0; i < 200; i++) median.add(100 + random())
  assert.ok(median.value > 90 && median.value < 115, `${median.value}`)
})

test('requests in hand and served are counted, and slots are what is left of the capacity', () => {
  const meter = new ServiceMeter(new ManualClock(), 2)
  const begun = [meter.begin(), meter.begin(), meter.begin()]
  assert.deepEqual(meter.read(), {
    speed: 1,
    slotsInUse: 3,
    slotsFree: 0,
    served: 0,
    serviceTimeMs: 0,
  })
  for (const at of begun) meter.end(at)
  const { slotsInUse, slotsFree, served } = meter.read()
  assert.deepEqual([slotsInUse, slotsFree, served], [0, 2, 3])
})

test('the speed is that of requests without company: waiting for others does not make a server slow', () => {
  const clock = new ManualClock()
  const meter = new ServiceMeter(clock, 100)
  const alone = (): void => {
    const at = meter.begin()
    clock.advance(20)
    meter.end(at)
  }
  for (let i = 0; i < 9; i++) alone()
  assert.equal(meter.read().speed, 1)
  alone()
  assert.ok(Math.abs(meter.read().speed - 50) < 1e-6)
  for (let i = 0; i < 200; i++) {
    const crowd = Array.from({ length: 10 }, () => meter.begin())
    for (const at of crowd) {
      clock.advance(20)
      meter.end(at)
    }
  }
  assert.ok(Math.abs(meter.read().speed - 50) < 3, `${meter.read().speed}`)
  assert.ok(meter.read().serviceTimeMs > 80)
})

test('of many requests between two readings some are timed, and all are counted', () => {
  class Watched extends ManualClock {
    readings = 0
    override now(): number {
      this.readings++
      return super.now()
    }
  }
  const clock = new Watched()
  const meter = new ServiceMeter(clock, 100)
  const serve = (count: number, ms: number): void => {
    for (let i = 0; i < count; i++) {
      const at = meter.begin()
      clock.advance(ms)
      meter.end(at)
    }
  }
  serve(256, 5)
  assert.equal(clock.readings, 2 * 256)
  serve(16_000, 5)
  assert.equal(clock.readings, 2 * (256 + 1_000))
  assert.equal(meter.read().served, 16_256)
  serve(200, 40)
  const { serviceTimeMs, speed, served } = meter.read()
  assert.equal(served, 16_456)
  assert.ok(serviceTimeMs > 35 && serviceTimeMs < 45, `${serviceTimeMs}`)
  assert.ok(speed > 22 && speed < 29, `${speed}`)
})
