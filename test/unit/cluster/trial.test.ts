// When a node that gets no requests is tried again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Trial } from '../../../src/cluster/trial.ts'

const usualMs = 100
/** Of a node that was slow. */
const knownMs = 400

/** A node that was answered at 0. */
function answeredNode(): Trial {
  const trial = new Trial()
  trial.sent(0)
  trial.answered(0, usualMs, 0, 0)
  return trial
}

/** One trial after the other as soon as it is due. @returns the waits before each, ms. */
function waits(trial: Trial, times: number, ms: number): number[] {
  let now = 0
  return Array.from({ length: times }, () => {
    const wait = trial.dueAt - now
    now = trial.dueAt
    assert.ok(!trial.isDue(now))
    trial.sent(now + 1)
    trial.answered(now + 1, usualMs, knownMs, now + 1 + ms)
    now += 1 + ms
    return wait
  })
}

test('a node of which nothing is known is never on trial', () => {
  const trial = new Trial()
  trial.sent(0)
  assert.ok(!trial.isDue(1e9))
})

test('a node that is still slow is tried after 2, 4, 8, 16, and then every 32 s', () => {
  assert.deepEqual(
    waits(answeredNode(), 7, 201),
    [2, 4, 8, 16, 32, 32, 32].map((s) => s * 1_000),
  )
})

test('a node that answers within twice the usual time is tried after 2 s again', () => {
  const trial = answeredNode()
  assert.deepEqual(waits(trial, 3, 199), [2_000, 2_000, 2_000])
})

test('requests that were sent before the trial do not end it', () => {
  const trial = answeredNode()
  trial.sent(100)
  trial.sent(2_200)
  assert.ok(!trial.answered(100, usualMs, knownMs, 2_250))
  assert.ok(trial.answered(2_200, usualMs, knownMs, 2_300))
  assert.ok(!trial.answered(2_200, usualMs, knownMs, 2_300), 'one answer for one trial')
})

test('a response replaces the figures if it is quick, or took less than half of the earlier time', () => {
  const replaces = (ms: number): boolean => {
    const trial = answeredNode()
    trial.sent(2_001)
    return trial.answered(2_001, usualMs, knownMs, 2_001 + ms)
  }
  assert.deepEqual([50, 199, 201, 399].map(replaces), [true, true, false, false])
  const slower = answeredNode()
  slower.sent(2_001)
  assert.ok(slower.answered(2_001, usualMs, 10 * usualMs, 2_001 + 4 * usualMs))
  assert.equal(slower.dueAt - (2_001 + 4 * usualMs), 4_000, 'it is slow all the same')
})

test('a node that answers nothing is tried less and less often', () => {
  const trial = answeredNode()
  const sent = [2_001, 6_002, 14_003, 30_004]
  for (const at of sent) {
    assert.ok(!trial.isDue(at - 1))
    assert.ok(trial.isDue(at))
    trial.sent(at)
  }
})

test('a node that is used is not on trial', () => {
  const trial = answeredNode()
  for (let at = 0; at < 10_000; at += 1_900) {
    assert.ok(!trial.isDue(at))
    trial.sent(at)
  }
})
