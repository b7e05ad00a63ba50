// What the agent learns from the requests of its server, and reports in the header of each response.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Figures } from '../../../src/agent/figures.ts'
import { InFlight } from '../../../src/agent/in-flight.ts'
import { PooledServer } from '../../support/pooled-server.ts'
import { seededRandom } from '../../support/seeded-random.ts'

interface Observed {
  readonly pooled: PooledServer
  readonly inFlight: InFlight
  readonly figures: Figures
}

function observed(t: TestContext, workers: number, serviceMs: number = 40): Observed {
  const pooled = new PooledServer({ workers, serviceMs, random: seededRandom(7) })
  const inFlight = new InFlight(pooled.server, pooled.events)
  const figures = new Figures(inFlight, pooled.events)
  t.after(() => figures.close())
  return { pooled, inFlight, figures }
}

const inFlightName = 'named_metrics.in_flight'
const delayName = 'named_metrics.delay'
const useName = 'application_utilization'

for (const workers of [1, 2, 4, 8]) {
  test(`the time of a request at ${workers} workers is learnt although requests queue`, (t) => {
    const { pooled, inFlight } = observed(t, workers)
    pooled.run(0.8, 3_000 * (40 / workers))
    const { knee } = inFlight.room
    assert.ok(knee >= 0.7 * workers && knee <= workers, `${knee} at once`)
    // The last fifty answers or so, which count, are few for an exponential distribution.
    const delays = Array.from({ length: 20 }, () => {
      pooled.run(0.8, 2_000)
      pooled.rest(1_500)
      return pooled.report().get(delayName) ?? 0
    })
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length
    assert.ok(mean > 0.7 * 40 && mean < 1.15 * 40, `delay ${mean}`)
  })
}

test('the delay is at most twice the time of a request, however many wait', (t) => {
  const { pooled, inFlight } = observed(t, 2)
  pooled.run(0.7, 20_000)
  pooled.run(2, 4_000)
  const ms = inFlight.room.ms(pooled.events.now())
  assert.ok(inFlight.count > 50, `${inFlight.count} in flight`)
  const delay = pooled.report().get(delayName) ?? 0
  assert.ok(delay <= 2 * ms + 0.001 && delay > 1.9 * ms, `${delay}, ${ms}`)
})

test('the reported use is the busy share of the workers, whatever the event loop does', (t) => {
  const { pooled, figures } = observed(t, 4)
  pooled.run(0.8, 60_000)
  let sum = 0
  for (let step = 0; step < 600; step++) {
    pooled.run(0.6, 100)
    figures.step()
    if (step >= 100) sum += pooled.report().get(useName) ?? 0
  }
  assert.ok(Math.abs(sum / 500 - 0.6) < 0.12, `use ${sum / 500}`)
  for (let step = 0; step < 50; step++) {
    pooled.run(1.5, 100)
    figures.step()
  }
  assert.ok((pooled.report().get(useName) ?? 0) > 0.97)
})

test('a load metric has the same busy time', (t) => {
  const { pooled, figures } = observed(t, 4)
  pooled.run(0.8, 60_000)
  const before = figures.round()
  pooled.run(0.5, 60_000)
  const after = figures.round()
  const share = (after.busyMs - before.busyMs) / (after.nowMs - before.nowMs)
  assert.ok(Math.abs(share - 0.5) < 0.12, `share ${share}`)
})

test('long requests leave the number in flight once younger ones have overtaken them', (t) => {
  const { pooled, inFlight } = observed(t, 4, 10)
  pooled.run(0.5, 5_000)
  pooled.rest(1_000)
  const polls = [pooled.begin(), pooled.begin(), pooled.begin()]
  assert.equal(pooled.report().get(inFlightName), 3)
  pooled.rest(300)
  pooled.finish(pooled.begin())
  assert.equal(pooled.report().get(inFlightName), 0)
  assert.equal(inFlight.count, 3)
  const busyMs = inFlight.room.busyMs(pooled.events.now())
  pooled.rest(60_000)
  assert.equal(inFlight.room.busyMs(pooled.events.now()), busyMs)
  const delay = pooled.report().get(delayName)
  for (const poll of polls) {
    assert.equal(pooled.finish(poll).get(inFlightName), 0)
  }
  assert.equal(pooled.report().get(delayName), delay)
  assert.equal(inFlight.count, 0)
})

test('requests that hang all together stay in flight', (t) => {
  const { pooled } = observed(t, 1)
  for (let count = 0; count < 5; count++) pooled.begin()
  pooled.rest(60_000)
  assert.equal(pooled.report().get(inFlightName), 5)
})

test('errors and responses that their client did not wait for do not make a server look fast', (t) => {
  const { pooled, inFlight } = observed(t, 2)
  pooled.run(0.7, 20_000)
  const { room } = inFlight
  const now = pooled.events.now()
  const [ms, answers] = [room.ms(now), room.answers]
  for (let count = 0; count < 100; count++) {
    pooled.finish(pooled.begin(), 503)
    pooled.begin().emit('close')
  }
  assert.deepEqual([room.ms(now), room.answers], [ms, answers])
  assert.equal(inFlight.failed, 100)
})
