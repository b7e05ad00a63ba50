import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyPace } from '../../../../src/forward/client/body-pace.ts'

const limits = { pauseMs: 30_000, minRate: 100, wholeMs: 600_000 }

/** Sends `bytes` every `everyMs` until the deadline has passed. @returns when, at most `untilMs`. */
function sent(bytes: number, everyMs: number, given = limits, untilMs = 3_600_000): number {
  const pace = new BodyPace()
  pace.begin(0, given)
  let now = 0
  while (now + everyMs <= pace.deadline && now < untilMs) {
    now += everyMs
    pace.received(now, bytes)
  }
  return Math.min(pace.deadline, untilMs)
}

test('one byte now and then earns no time', () => {
  assert.equal(sent(1, 10_000), 30_030)
  assert.equal(sent(1, 1_000), 30_300)
})

test('at the least rate a body may take until the end of the whole', () => {
  assert.equal(sent(1_000, 10_000), 600_000)
  assert.equal(sent(100, 1_000), 600_000)
  assert.ok(sent(90, 1_000) < 400_000)
})

test('much at once earns one pause and no more', () => {
  const pace = new BodyPace()
  pace.begin(0, limits)
  pace.received(1_000, 100_000_000)
  assert.equal(pace.deadline, 31_000)
  pace.received(30_000, 1)
  assert.equal(pace.deadline, 31_010)
})

test('without a least rate every byte earns a whole pause', () => {
  assert.equal(sent(1, 29_000, { ...limits, minRate: 0 }), 600_000)
})

test('time in which nothing is read does not count', () => {
  const pace = new BodyPace()
  pace.begin(0, limits)
  pace.stop(10_000)
  pace.stop(20_000)
  assert.equal(pace.deadline, Number.POSITIVE_INFINITY)
  pace.resume(1_010_000)
  assert.equal(pace.deadline, 1_030_000)
  pace.resume(1_020_000)
  assert.equal(pace.deadline, 1_030_000)
})

test('each body begins with a new deadline', () => {
  const pace = new BodyPace()
  pace.begin(0, limits)
  pace.stop(5)
  pace.begin(50_000, limits)
  assert.equal(pace.deadline, 80_000)
})
