// When a client of HTTP/2 has made too much work for nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http2Limits } from '../../../../src/base/limits.ts'
import { Http2Faults } from '../../../../src/forward/shared/http2-faults.ts'

const { resetBurst, resetRate, faultBurst, controlFramesFree } = http2Limits
const PING = 6

/** How often the call is allowed in a row. */
function allowed(call: () => boolean): number {
  let count = 0
  while (count < 100_000 && call()) count++
  return count
}

test('resets: so many at once, and some in each second after that', () => {
  const faults = new Http2Faults(0)
  assert.equal(
    allowed(() => faults.reset(0)),
    resetBurst,
  )
  assert.equal(
    allowed(() => faults.reset(1_000)),
    resetRate,
  )
  assert.equal(
    allowed(() => faults.reset(1_000_000)),
    resetBurst,
  )
})

test('control frames are free at a usual rate, each kind for itself', () => {
  const faults = new Http2Faults(0)
  for (let second = 0; second < 10_000; second++)
    for (let i = 0; i < controlFramesFree; i++) assert.ok(faults.control(PING, second * 1_000))
  assert.equal(
    allowed(() => faults.control(PING, 10_000_000)),
    controlFramesFree + faultBurst,
  )
})

test('WINDOW_UPDATE is free as long as DATA is sent', () => {
  const faults = new Http2Faults(0)
  for (let i = 0; i < 100_000; i++)
    assert.ok(faults.windowUpdate({ dataFrames: i, dataBytes: 0 }, 0))
  const idle = new Http2Faults(0)
  assert.equal(
    allowed(() => idle.windowUpdate({ dataFrames: 0, dataBytes: 0 }, 0)),
    http2Limits.windowUpdatesFree + faultBurst,
  )
})

test('DATA: an empty frame is a fault from the second in a row, small ones now and then', () => {
  const empty = new Http2Faults(0)
  assert.equal(
    allowed(() => empty.data(0, 0)),
    1 + faultBurst,
  )
  const now = new Http2Faults(0)
  for (let i = 0; i < 1_000; i++) assert.ok(now.data(i % 2 === 0 ? 0 : 1_000, 0))
  const small = new Http2Faults(0)
  const count = allowed(() => small.data(1, 0))
  assert.equal(count, (faultBurst + 1) * http2Limits.smallDataForFault - 1)
})

test('WINDOW_UPDATE and PING may follow messages that were sent', () => {
  const faults = new Http2Faults(0)
  for (let i = 1; i <= 100_000; i++) {
    assert.ok(faults.windowUpdate({ dataFrames: 0, dataBytes: 2 * i }, 0))
    assert.ok(faults.ping(i, 0))
  }
  const { controlFramesFree, faultBurst } = http2Limits
  assert.equal(
    allowed(() => faults.ping(0, 0)),
    controlFramesFree + faultBurst,
  )
})
