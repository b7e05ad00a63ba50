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
  onReached,
  type ProbeOutcome,
} from '../../../src/cluster/health.ts'
import { defaultCheck } from '../../../src/cluster/health-check.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const middle = () => 0.5
const connected = { answered: true, reason: 'connected' }
const silent = { answered: false, reason: 'no answer' }
const refused = { answered: false, reason: 'refused', unreachable: true }

const probed = (health: Health, outcomes: readonly ProbeOutcome[], check = defaultCheck): Health =>
  outcomes.reduce((next, each) => onProbed(next, each, check, 1_000, middle, limits), health)

const failed = onAnswerFailed(healthy, 1_000, limits)

describe('health', () => {
  test('one refused connection makes a node down', () => {
    const health = onConnectFailed(
      healthy,
      { reason: 'refused', refused: true },
      1_000,
      middle,
      limits,
    )
    assert.deepEqual(health, {
      kind: 'down',
      since: 1_000,
      probes: 0,
      probeAt: 1_250,
      reason: 'refused',
      refused: true,
    })
  })

  test('a node that is down and was reached is due for a probe', () => {
    const down = onConnectFailed(healthy, { reason: '', refused: true }, 1_000, middle, limits)
    assert.deepEqual(onReached(down, 1_100), { ...down, probeAt: 1_100 })
    assert.equal(onReached(down, 1_250), down)
    assert.equal(onReached(healthy, 1_100), healthy)
  })

  test('a connection that is only late is not a refused one', () => {
    const late = { answered: false, reason: 'late', unreachable: true, late: 'connection' } as const
    const states = [refused, late].map((outcome) => probed(healthy, [outcome]))
    assert.deepEqual(
      states.map((health) => health.kind === 'down' && health.refused),
      [true, false],
    )
  })

  test('failed responses make a node suspect and due for a probe, and never down', () => {
    assert.deepEqual(failed, { kind: 'suspect', misses: 0, probeAt: 1_000 })
    let health: Health = failed
    for (let now = 1_000; now < 20_000; now += 10) {
      health = onAnswerFailed(health, now, limits)
      assert.equal(health.kind, 'suspect')
    }
    assert.equal(onAnswered(health), healthy)
    assert.equal(probed(health, [connected]), healthy)
  })

  test('further failed responses make a probe due again after the shortest wait', () => {
    assert.equal(onAnswerFailed(failed, 1_249, limits), failed)
    const again = { kind: 'suspect', misses: 0, probeAt: 1_250 }
    assert.deepEqual(onAnswerFailed(failed, 1_250, limits), again)
  })

  test('failed responses neither clear nor add to failed probes', () => {
    const missed = probed(failed, [silent, silent])
    assert.deepEqual(onAnswerFailed(missed, 1_500, limits), missed)
    const later = { kind: 'suspect', misses: 2, probeAt: 9_000 }
    assert.deepEqual(onAnswerFailed(missed, 9_000, limits), later)
  })

  test('a late response does not end down; a probe does', () => {
    const down = onConnectFailed(
      healthy,
      { reason: 'refused', refused: true },
      1_000,
      middle,
      limits,
    )
    assert.equal(onAnswered(down), down)
    assert.equal(onProbed(down, connected, defaultCheck, 2_000, middle, limits), healthy)
  })

  test('further failures do not delay the probe', () => {
    const down = onConnectFailed(
      healthy,
      { reason: 'refused', refused: true },
      1_000,
      middle,
      limits,
    )
    assert.equal(
      onConnectFailed(down, { reason: 'again', refused: true }, 9_000, middle, limits),
      down,
    )
    assert.equal(onAnswerFailed(down, 9_000, limits), down)
  })

  test('the wait between probes doubles up to its limit, and since stays the same', () => {
    let health = onConnectFailed(healthy, { reason: 'refused', refused: true }, 0, middle, limits)
    const waits: number[] = []
    let now = 0
    for (let i = 0; i < 40; i++) {
      assert.equal(health.kind, 'down')
      if (health.kind !== 'down') return
      waits.push(health.probeAt - now)
      assert.equal(health.since, 0)
      now = health.probeAt
      health = onProbed(health, refused, defaultCheck, now, middle, limits)
    }
    assert.deepEqual(waits.slice(0, 8), [250, 500, 1_000, 2_000, 2_000, 2_000, 2_000, 2_000])
    assert.equal(waits.at(-1), 2_000)
  })

  test('jitter moves a probe by a quarter at most', () => {
    const random = seededRandom(7)
    for (let i = 0; i < 200; i++) {
      const down = onConnectFailed(healthy, { reason: '', refused: true }, 0, random, limits)
      assert.ok(down.kind === 'down' && down.probeAt >= 187.5 && down.probeAt <= 312.5)
    }
  })
})

describe('a failed probe', () => {
  test('makes a node down when it is the last of `fall` in a row', () => {
    const check = { ...defaultCheck, fall: 4 }
    assert.deepEqual(probed(healthy, [silent, silent, silent], check), {
      kind: 'suspect',
      misses: 3,
      probeAt: 3_000,
    })
    assert.equal(probed(healthy, [silent, silent, silent, silent], check).kind, 'down')
    assert.equal(
      probed(healthy, [silent, silent, silent, connected, silent], check).kind,
      'suspect',
    )
    assert.equal(probed(healthy, [silent], { ...check, fall: 1 }).kind, 'down')
  })

  test('makes a node down at once when no connection is possible', () => {
    assert.equal(probed(healthy, [refused]).kind, 'down')
  })

  test('is soon followed by another one', () => {
    assert.deepEqual(probed(healthy, [silent]), { kind: 'suspect', misses: 1, probeAt: 1_500 })
    const often = probed(healthy, [silent], { ...defaultCheck, intervalMs: 100 })
    assert.deepEqual(often, { kind: 'suspect', misses: 1, probeAt: 1_100 })
  })

  test('is not outweighed by a response to a client', () => {
    const health = onAnswered(probed(failed, [silent, silent]))
    assert.deepEqual(health, { kind: 'suspect', misses: 2, probeAt: 2_000 })
    assert.equal(probed(health, [silent]).kind, 'down')
  })
})

describe('a successful probe', () => {
  test('ends down when it is the last of `rise` in a row, an interval apart', () => {
    const check = { ...defaultCheck, rise: 2 }
    const down = probed(healthy, [refused], check)
    const once = probed(down, [connected], check)
    assert.ok(once.kind === 'down' && once.probeAt === 6_000)
    assert.equal(probed(once, [connected], check), healthy)
    assert.equal(probed(once, [refused, connected], check).kind, 'down')
  })

  test('ends a suspicion', () => {
    assert.equal(probed(failed, [connected]), healthy)
    assert.equal(probed(failed, [silent, connected]), healthy)
  })
})
