// The proxy's default rule: which nodes may get a request, and in what proportion.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recalculate } from '../../../src/candidacy/by-load-factor.ts'
import { bySessionId } from '../../../src/candidacy/by-session-id.ts'
import { modClusterCascade } from '../../../src/candidacy/proxy-cascades.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import {
  nodeCandidate as candidate,
  cascadeOf,
  type ViewGiven,
  viewOf,
} from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const rule = cascadeOf(modClusterCascade)
const clock = new ManualClock()

function choose(candidates: readonly Candidate[], session: ViewGiven = {}): number {
  return rule.run(candidates, viewOf(session), clock)[0]?.node.id ?? 0
}

/** Chooses `times` times as the proxy does. @returns how often each candidate was chosen. */
function serve(candidates: readonly Candidate[], times: number): number[] {
  const counts = candidates.map(() => 0)
  for (let i = 0; i < times; i++) {
    const chosen = rule.run(candidates, viewOf(), clock)[0]!
    chosen.live.elected++
    counts[candidates.indexOf(chosen)]!++
  }
  return counts
}

const endWindow = (candidates: readonly Candidate[]): void =>
  recalculate(candidates.map(({ live }) => live))

describe('by load factor', () => {
  test('100, 50 and 25 share 4 : 2 : 1 within 2 % over 7,000 choices, windows ending at any time', () => {
    const random = seededRandom(1)
    const all = [candidate(1), candidate(2, { factor: 50 }), candidate(3, { factor: 25 })]
    const sums = [0, 0, 0]
    let left = 7_000
    while (left > 0) {
      const times = Math.min(left, 1 + Math.floor(random() * 400))
      for (const [index, count] of serve(all, times).entries()) sums[index]! += count
      left -= times
      endWindow(all)
    }
    for (const [index, wanted] of [4_000, 2_000, 1_000].entries()) {
      const off = Math.abs(sums[index]! - wanted) / wanted
      assert.ok(off <= 0.02, `node ${index + 1} got ${sums[index]}, wanted ${wanted}`)
    }
  })

  /** The newcomer gets its share of each hundred choices, within `slack`. */
  function assertNoFlood(
    all: readonly Candidate[],
    newcomer: number,
    share: number,
    slack = 3,
  ): void {
    for (let hundred = 0; hundred < 20; hundred++) {
      const got = serve(all, 100)[newcomer]!
      const text = `hundred ${hundred}: ${got} of 100, wanted ${share}`
      assert.ok(Math.abs(got - share) <= slack, text)
      if (hundred % 3 === 2) endWindow(all)
    }
  }

  for (const before of [0, 1, 777, 5_000]) {
    test(`a node that joins after ${before} choices gets its share from then on and no burst`, () => {
      const old = [candidate(1), candidate(2)]
      serve(old, before)
      assertNoFlood([...old, candidate(3)], 2, 33.3)
    })
  }

  test('a node that joins just after the end of a window gets no burst', () => {
    const old = [candidate(1), candidate(2)]
    serve(old, 1_000)
    endWindow(old)
    assertNoFlood([...old, candidate(3, { factor: 50 })], 2, 20)
  })

  for (const [what, factor] of [
    ['standby', 0],
    ['broken', -1],
  ] as const) {
    test(`a node that was ${what} for a while returns with the smallest score`, () => {
      const all = [candidate(1), candidate(2)]
      serve(all, 100)
      const back = all[1]!.live
      back.loadFactor = factor
      endWindow(all)
      serve(all, 2_000)
      if (factor === -1) back.epoch++ // as the proxy does with the report
      back.loadFactor = 100
      assertNoFlood(all, 1, 50)
    })
  }

  test('a node whose reports stopped returns with the smallest score', () => {
    const all = [candidate(1), candidate(2)]
    serve(all, 100)
    all[0]!.live.silent = true
    assert.deepEqual(serve(all, 1_000), [0, 1_000])
    all[0]!.live.silent = false
    assertNoFlood(all, 0, 50)
  })

  test('a standby is chosen only when there is no other node, in table order', () => {
    const standby = [candidate(1, { factor: 0 }), candidate(2, { factor: undefined })]
    assert.equal(choose(standby), 1)
    assert.equal(choose([...standby, candidate(3, { factor: 1 })]), 3)
  })

  test('nodes with equal load factors are chosen in turn', () => {
    const all = [candidate(1), candidate(2), candidate(3)]
    assert.deepEqual(serve(all, 9), [3, 3, 3])
  })
})

describe('usable', () => {
  test('a node at -1 gets requests of its own sessions only', () => {
    const all = [candidate(1, { factor: -1 }), candidate(2)]
    assert.equal(choose(all), 2)
    assert.equal(choose(all, { route: 'n1' }), 1)
    assert.equal(choose([all[0]!]), 0)
  })

  test('DISABLED keeps requests with a session of any node; STOPPED keeps none', () => {
    const disabled = candidate(1, { status: 'DISABLED' })
    assert.equal(choose([disabled]), 0)
    assert.equal(choose([disabled], { hasSession: true }), 1)
    assert.equal(choose([disabled], { route: 'n7' }), 1)
    assert.equal(choose([candidate(1, { status: 'STOPPED' })], { route: 'n1' }), 0)
  })

  test('a node that is down or was tried is dropped, even for its own sessions', () => {
    const down = candidate(1)
    down.live.health = { kind: 'down', since: 0, probes: 0, probeAt: 0, reason: '' }
    assert.equal(choose([down, candidate(2)], { route: 'n1' }), 2)
    assert.equal(choose([candidate(1), candidate(2)], { route: 'n1', tried: [1] }), 2)
    assert.equal(choose([candidate(1)], { tried: [1] }), 0)
  })
})

describe('sessions', () => {
  const all = [
    candidate(1, { domain: 'east' }),
    candidate(2, { domain: 'west', factor: 1 }),
    candidate(3, { domain: 'east', factor: 1 }),
  ]

  test('go to their node, even if it is a standby', () => {
    assert.equal(choose(all, { route: 'n2', domain: 'west' }), 2)
    const standby = [candidate(1), candidate(2, { factor: 0 })]
    assert.equal(choose(standby, { route: 'n2' }), 2)
  })

  test('are ignored without StickySession', () => {
    assert.equal(
      choose([candidate(1), candidate(2)], { route: 'n2', balancer: { sticky: false } }),
      1,
    )
  })

  test('stay in their domain when their node is gone, and leave it when all of the domain is', () => {
    assert.equal(choose(all, { route: 'n1', domain: 'east', tried: [1] }), 3)
    assert.equal(choose(all, { route: 'n9', domain: 'north' }), 1)
  })

  test('with StickySessionForce leave neither node nor domain', () => {
    const force = { stickyForce: true }
    const inEast = { route: 'n1', domain: 'east', balancer: force }
    assert.equal(choose(all, { ...inEast, tried: [1] }), 3)
    assert.equal(choose(all, { ...inEast, tried: [1, 3] }), 0)
    assert.equal(choose(all, { route: 'n1', tried: [1], balancer: force }), 0)
  })

  test('leave a node that has stalled, but not with StickySessionForce, nor when it is the only one', () => {
    const stalled = candidate(1)
    for (let i = 0; i < 4; i++) stalled.live.room.begin(new HeldRequest(), clock.now())
    const both = [stalled, candidate(2)]
    assert.equal(choose(both, { route: 'n1' }), 1)
    clock.advance(1_001)
    assert.equal(choose(both, { route: 'n1' }), 2)
    assert.equal(choose(both, { route: 'n1', balancer: { stickyForce: true } }), 1)
    assert.equal(choose([stalled], { route: 'n1' }), 1)
    stalled.live.bytesRead++
    assert.equal(choose(both, { route: 'n1' }), 1)
  })

  test('with an unknown route are balanced, with and without StickySessionForce', () => {
    assert.notEqual(choose(all, { hasSession: true, balancer: { stickyForce: true } }), 0)
  })
})

describe('bySessionId', () => {
  const pick = (candidates: readonly Candidate[], session: ViewGiven): readonly number[] =>
    bySessionId(candidates, viewOf(session), clock).map(({ node }) => node.id)

  test('chooses by the sum of the bytes of the id before its first dot, among the sorted routes', () => {
    const [one, two, three] = [candidate(1), candidate(2), candidate(3)]
    const lost = { route: 'n9', sessionId: 'b.n9' }
    // 98 modulo 3.
    for (const all of [
      [one, two, three],
      [three, one, two],
    ])
      assert.deepEqual(pick(all, lost), [3])
    assert.deepEqual(pick([one, two, three], { ...lost, sessionId: 'b' }), [3])
    assert.deepEqual(pick([one, two, three], { ...lost, sessionId: 'c.n9.x' }), [1])
  })

  test('drops standbys, silent and broken nodes while there are others', () => {
    const silent = candidate(1)
    silent.live.silent = true
    const lost = { route: 'n9', sessionId: 'b.n9' }
    const others = [silent, candidate(2, { factor: 0 }), candidate(3, { factor: -1 })]
    assert.deepEqual(pick([...others, candidate(4)], lost), [4])
    assert.deepEqual(pick(others, lost), [3])
    assert.deepEqual(pick([], lost), [])
  })

  test('leaves requests without a session, or with their own node present, unchanged', () => {
    const all = [candidate(2), candidate(1)]
    assert.deepEqual(pick(all, {}), [2, 1])
    assert.deepEqual(pick(all, { route: 'n2', sessionId: 'b.n2' }), [2, 1])
  })
})
