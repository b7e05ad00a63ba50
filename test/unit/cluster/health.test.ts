// Transitions of health: suspect, down, and the times of probes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Health,
  healthy,
  defaultHealthLimits as limits,
  onAnswered,
  onAnswerFailed,
  onConnectFailed,
  onProbed,
} from '../../../src/cluster/health.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const middle = () => 0.5

function failAnswers(times: number): Health {
  let health: Health = healthy
  for (let i = 0; i < times; i++) health = onAnswerFailed(health, 'cut', 1_000, middle, limits)
  return health
}

describe('health', () => {
  test('one refused connection makes a node down', () => {
    const health = onConnectFailed(healthy, 'refused', 1_000, middle, limits)
    assert.deepEqual(health, {
      kind: 'down',
      since: 1_000,
      probes: 0,
      probeAt: 1_250,
      reason: 'refused',
    })
  })

  test('three failed responses in a row make a node down', () => {
    assert.deepEqual(failAnswers(2), { kind: 'suspect', failures: 2 })
    assert.equal(failAnswers(3).kind, 'down')
    assert.deepEqual(onAnswered(failAnswers(2)), healthy)
  })

  test('a late response does not end down; a probe does', () => {
    const down = failAnswers(3)
    assert.equal(onAnswered(down), down)
    assert.equal(onProbed(down, true, '', 2_000, middle, limits), healthy)
  })

  test('further failures do not delay the probe', () => {
    const down = failAnswers(3)
    assert.equal(onConnectFailed(down, 'again', 9_000, middle, limits), down)
    assert.equal(onAnswerFailed(down, 'again', 9_000, middle, limits), down)
  })

  test('the wait between probes doubles up to its limit, and since stays the same', () => {
    let health = onConnectFailed(healthy, 'refused', 0, middle, limits)
    const waits: number[] = []
    let now = 0
    for (let i = 0; i < 40; i++) {
      assert.equal(health.kind, 'down')
      if (health.kind !== 'down') return
      waits.push(health.probeAt - now)
      assert.equal(health.since, 0)
      now = health.probeAt
      health = onProbed(health, false, 'refused', now, middle, limits)
    }
    assert.deepEqual(waits.slice(0, 8), [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    assert.equal(waits.at(-1), 10_000)
  })

  test('jitter moves a probe by a quarter at most', () => {
    const random = seededRandom(7)
    for (let i = 0; i < 200; i++) {
      const down = onConnectFailed(healthy, '', 0, random, limits)
      assert.ok(down.kind === 'down' && down.probeAt >= 187.5 && down.probeAt <= 312.5)
    }
  })
})
