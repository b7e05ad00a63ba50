import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HeldRequest } from '../../../../src/cluster/held-requests.ts'
import { Room } from '../../../../src/cluster/room.ts'
import { NoTrial } from '../../../../src/cluster/trial.ts'
import { Usual } from '../../../../src/cluster/usual.ts'
import { MovingMedian, ServiceMeter } from '../../../../src/peer/membership/service-meter.ts'
import { Events } from '../../../sim/events.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/seeded-random.ts'

const ownRoom = (): Room => new Room(new Usual(), new NoTrial())

test('the moving median ignores the largest values and follows a change', () => {
  const random = seededRandom(3)
  const median = new MovingMedian()
  for (let i = 0; i < 2_000; i++) median.add(i % 20 === 0 ? 60_000 : 5 + random() * 10)
  assert.ok(median.value > 8 && median.value < 13, `${median.value}`)
  for (let i = 0; i < 200; i++) median.add(100 + random())
  assert.ok(median.value > 90 && median.value < 115, `${median.value}`)
})

test('requests in progress and served are counted, and free slots are the rest of the capacity', () => {
  const meter = new ServiceMeter(new ManualClock(), ownRoom(), 2)
  const requests = [new HeldRequest(), new HeldRequest(), new HeldRequest()]
  for (const request of requests) meter.begin(request)
  assert.deepEqual(meter.read(), {
    speed: 1,
    slotsInUse: 3,
    slotsFree: 0,
    served: 0,
    serviceTimeMs: 0,
    ms: 0,
    knee: 1,
    inHand: 3,
  })
  for (const request of requests) meter.end(request, 'good')
  const { slotsInUse, slotsFree, served } = meter.read()
  assert.deepEqual([slotsInUse, slotsFree, served], [0, 2, 3])
})

/** A server with workers that are first come, first served, under a constant load. */
function serveFor(
  given: { workers: number; meanMs: number; load: number; seed: number },
  requests: number,
): ServiceMeter {
  const { workers, meanMs, load, seed } = given
  const events = new Events()
  const meter = new ServiceMeter(events, ownRoom(), undefined)
  const random = seededRandom(seed)
  const exponential = (mean: number): number => -Math.log(1 - random()) * mean
  const busyUntil = Array.from({ length: workers }, () => 0)
  let left = requests
  const arrive = (): void => {
    if (left-- <= 0) return
    const request = new HeldRequest()
    meter.begin(request)
    const at = busyUntil.indexOf(Math.min(...busyUntil))
    const end = Math.max(busyUntil[at] ?? 0, events.now()) + exponential(meanMs)
    busyUntil[at] = end
    events.after(end - events.now(), () => meter.end(request, 'good'))
    events.after(exponential(meanMs / (workers * load)), arrive)
  }
  arrive()
  while (left > 0) events.runUntil(events.now() + meanMs)
  return meter
}

describe('the speed is that of a request that finds room, however busy the server is', () => {
  for (const [workers, meanMs] of [
    [4, 100],
    [1, 10],
    [16, 100],
  ] as const) {
    for (const load of [0.05, 0.3, 0.5, 0.7, 0.9]) {
      test(`${workers} workers, ${meanMs} ms, ${100 * load} % of the capacity`, () => {
        const speeds = [1, 2, 3, 4, 5].map(
          (seed) => (serveFor({ workers, meanMs, load, seed }, 4_000).read().speed * meanMs) / 1000,
        )
        const [, , median = 0] = speeds.sort((a, b) => a - b)
        assert.ok(median > 0.75 && median < 1.3, `${speeds.map((speed) => speed.toFixed(2))}`)
      })
    }
  }

  test('and it is known after twenty responses, near the full load as well', () => {
    const { speed } = serveFor({ workers: 4, meanMs: 100, load: 0.95, seed: 3 }, 30).read()
    assert.ok(speed > 2, `${speed}`)
  })
})

test('errors and responses that no client waited for do not count for the speed', () => {
  const clock = new ManualClock()
  const meter = new ServiceMeter(clock, ownRoom(), undefined)
  const serve = (ms: number, outcome: 'good' | 'error' | 'none'): void => {
    const request = new HeldRequest()
    meter.begin(request)
    clock.advance(ms)
    meter.end(request, outcome)
  }
  for (let i = 0; i < 40; i++) serve(20, 'good')
  for (let i = 0; i < 400; i++) serve(0.01, i % 2 === 0 ? 'error' : 'none')
  const { speed, served } = meter.read()
  assert.ok(speed > 45 && speed < 51, `${speed}`)
  assert.equal(served, 440)
})

test('figures stay while the server is idle', () => {
  const clock = new ManualClock()
  const meter = new ServiceMeter(clock, ownRoom(), undefined)
  const serve = (ms: number): void => {
    const request = new HeldRequest()
    meter.begin(request)
    clock.advance(ms)
    meter.end(request, 'good')
  }
  for (let i = 0; i < 50; i++) serve(20)
  clock.advance(60_000)
  serve(0.1)
  const { speed } = meter.read()
  assert.ok(speed > 45 && speed < 55, `${speed}`)
})
