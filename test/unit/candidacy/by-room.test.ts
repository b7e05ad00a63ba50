// Which node `byRoom` chooses, and what it says about that.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { explain } from '../../../src/candidacy/explain.ts'
import { shares } from '../../../src/candidacy/share.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import { Usual } from '../../../src/cluster/usual.ts'
import { productRule } from '../../sim/balance/product-rule.ts'
import type { Scenario } from '../../sim/balance/scenario.ts'
import { simulate } from '../../sim/balance/simulation.ts'
import { cascadeOf, nodeCandidate, viewOf } from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'

/** All nodes have given their last answer now. */
const startMs = 100_000

/** One proxy with nodes `n1`, `n2`, ... on a clock that is set by hand. */
class Fixture {
  readonly clock: ManualClock = new ManualClock()
  readonly usual: Usual = new Usual()
  readonly cascade: ReturnType<typeof cascadeOf> = cascadeOf(['byRoom'])
  readonly candidates: Candidate[] = []

  constructor() {
    this.clock.advance(startMs)
  }

  add(): Candidate {
    const candidate = nodeCandidate(this.candidates.length + 1)
    candidate.live.room.usual = this.usual
    this.candidates.push(candidate)
    return candidate
  }

  /** A node that has answered enough until now: it takes so long for a request and works on so many at once. */
  known(ms: number, knee: number): Candidate {
    const { live } = this.add()
    // What passes between answers: with n in hand there are n in `ms`.
    const steps = Array.from({ length: knee }, (_, most) =>
      Array.from({ length: most + 1 }, (_, over) => ms / (most + 1 - over)),
    )
    const rounds = 40
    const duration = rounds * steps.flat().reduce((sum, step) => sum + step, 0)
    let now = startMs - duration
    for (let round = 0; round < rounds; round++) {
      for (const times of steps) {
        const requests = times.map(() => new HeldRequest())
        for (const request of requests) live.room.begin(request, now)
        requests.forEach((request, index) => {
          now += times[index]!
          live.room.end(request, Math.min(startMs, now), true)
        })
      }
    }
    return this.candidates.at(-1)!
  }

  choose(): Candidate {
    return this.cascade.run(this.candidates, viewOf(), this.clock)[0]!
  }

  begin({ live }: Candidate, times: number = 1): HeldRequest[] {
    return Array.from({ length: times }, () => {
      const request = new HeldRequest()
      live.room.begin(request, this.clock.now())
      return request
    })
  }

  end({ live }: Candidate, requests: readonly HeldRequest[], isGood: boolean = true): void {
    for (const request of requests) live.room.end(request, this.clock.now(), isGood)
  }

  explain(): ReturnType<typeof explain> {
    return explain(this.cascade, this.candidates, viewOf(), this.clock)
  }
}

/** Five nodes with four workers behind one proxy. */
const five: Omit<Scenario, 'load' | 'requests'> = {
  name: '',
  proxies: 1,
  servers: 5,
  server: () => ({ workers: 4, queues: true }),
  workMs: 40,
}
const byRoom = productRule('byRoom')

describe('byRoom', () => {
  test('takes no argument, and leaves one candidate and none as they are', () => {
    assert.throws(() => cascadeOf(['byRoom 2']), /byRoom: it takes no argument/)
    const one = new Fixture()
    assert.deepEqual(one.cascade.run([], viewOf(), one.clock), [])
    const only = [one.add()]
    assert.equal(one.cascade.run(only, viewOf(), one.clock), only)
  })

  test('chooses the quicker node while it has room, and then the one at which less waiting is added', () => {
    const proxy = new Fixture()
    const slow = proxy.known(100, 2)
    const quick = proxy.known(40, 2)
    proxy.usual.ms = 40
    assert.equal(proxy.choose(), quick)
    proxy.begin(quick)
    assert.equal(proxy.choose(), quick)
    // (2 x 2 + 1) / 2 x 40 ms is as much as 100 ms; a fifth for evenness tips the scale.
    proxy.begin(quick)
    assert.equal(proxy.choose(), slow)
  })

  test('lets chance decide between nodes that are alike', () => {
    const proxy = new Fixture()
    for (let n = 0; n < 3; n++) proxy.add()
    const chosen = new Set(Array.from({ length: 50 }, () => proxy.choose()))
    assert.equal(chosen.size, 3)
  })

  test('compares all of up to 28 candidates', () => {
    const proxy = busy(27, 1)
    for (let n = 0; n < 200; n++) assert.equal(proxy.choose(), proxy.candidates.at(-1))
  })

  test('compares 24 consecutive ones of more, from a random one on', () => {
    const { candidates, clock } = busy(399, 1)
    const random = seededRandom(1)
    let times = 0
    for (let n = 0; n < 2_000; n++) {
      const cascade = cascadeOf(['byRoom'], { random })
      if (cascade.run(candidates, viewOf(), clock)[0] === candidates.at(-1)) times++
    }
    assert.ok(times > 90 && times < 150, `${times} of 2,000, expected 120`)
  })

  test('compares the four best of the last choice again', () => {
    const proxy = busy(3_988, 12)
    for (let n = 0; n < 4_000; n++) proxy.choose()
    let found = 0
    for (let one = proxy.choose(); proxy.candidates.indexOf(one) >= 3_988; one = proxy.choose()) {
      proxy.begin(one, 5)
      found++
    }
    // Some more by chance.
    assert.ok(found >= 4 && found <= 12, `${found} good ones in a row`)
  })
})

/** A proxy with so many nodes that have a request in hand, and idle ones behind them. */
function busy(count: number, idle: number): Fixture {
  const proxy = new Fixture()
  for (let n = 0; n < count; n++) proxy.begin(proxy.add())
  for (let n = 0; n < idle; n++) proxy.add()
  return proxy
}

describe('a node that fails at once', () => {
  test('gets less than one request in a hundred while there are others', () => {
    for (const seed of [1, 2]) {
      const fails = simulate(
        {
          ...five,
          load: 0.6,
          requests: 30_000,
          incidents: (ms) => [{ at: 0.2 * ms, server: 1, fails: 1 }],
        },
        byRoom,
        seed,
      )
      assert.ok(fails.shareOf(1) < 0.01, `share ${fails.shareOf(1)}`)
    }
  })

  test('gets its share when all of them fail alike', () => {
    const outcome = simulate(
      {
        ...five,
        load: 0.6,
        requests: 30_000,
        incidents: (ms) => [0, 1, 2, 3, 4].map((server) => ({ at: 0.1 * ms, server, fails: 0.5 })),
      },
      byRoom,
      1,
    )
    for (const server of [0, 1, 2, 3, 4]) {
      const share = outcome.shareOf(server)
      assert.ok(share > 0.15 && share < 0.26, `share ${share}`)
    }
  })
})

test('a node with ten long polls gets as many requests as the others', () => {
  const proxy = new Fixture()
  for (let n = 0; n < 3; n++) proxy.known(40, 4)
  const [first] = proxy.candidates
  const polls = proxy.begin(first!, 10)
  const counts = new Map<Candidate, number>()
  const open: { candidate: Candidate; requests: HeldRequest[]; until: number }[] = []
  // One more each 10 ms, of which each takes 40 ms; the first half second is for finding out.
  for (let at = 0; at < 10_000; at += 10) {
    proxy.clock.advance(10)
    while (open[0] !== undefined && open[0].until <= at) {
      const { candidate, requests } = open.shift()!
      proxy.end(candidate, requests)
    }
    const candidate = proxy.choose()
    open.push({ candidate, requests: proxy.begin(candidate), until: at + 40 })
    if (at > 3_000) counts.set(candidate, (counts.get(candidate) ?? 0) + 1)
  }
  assert.equal(first!.live.room.long, 10)
  for (const candidate of proxy.candidates) {
    assert.ok(
      (counts.get(candidate) ?? 0) > 150,
      `${candidate.node.route}: ${counts.get(candidate)}`,
    )
  }
  proxy.end(first!, polls)
  assert.equal(first!.live.room.long, 0)
})

describe('a node that was slow', () => {
  /** Two nodes that take 40 ms and one that took 200, with a request each 10 ms. @returns when the third got one, s. */
  function turns(thirdMs: number, forMs: number): { at: number[]; third: Candidate } {
    const proxy = new Fixture()
    const third = proxy.known(200, 2)
    proxy.known(40, 4)
    proxy.known(40, 4)
    const from = proxy.clock.now()
    proxy.usual.ms = 40
    const open: { candidate: Candidate; requests: HeldRequest[]; until: number }[] = []
    const at: number[] = []
    while (proxy.clock.now() < from + forMs) {
      proxy.clock.advance(10)
      const now = proxy.clock.now()
      open.sort((a, b) => a.until - b.until)
      while (open[0] !== undefined && open[0].until <= now) {
        const { candidate, requests } = open.shift()!
        proxy.end(candidate, requests)
      }
      const candidate = proxy.choose()
      const ms = candidate === third ? thirdMs : 40
      open.push({ candidate, requests: proxy.begin(candidate), until: now + ms })
      if (candidate === third) at.push((now - from) / 1_000)
    }
    return { at, third }
  }

  test('and still is, is tried after 2, 4, 8, 16, 32 and 32 s', () => {
    const { at } = turns(200, 100_000)
    const waits = at.map((time, index) => time - (at[index - 1] ?? 0))
    assert.deepEqual(waits.map(Math.round), [2, 4, 8, 16, 32, 32])
  })

  test('and is not any more, has its share again after ten seconds', () => {
    const { at } = turns(40, 12_000)
    assert.equal(Math.round(at[0]!), 2)
    const last = at.filter((time) => time >= 10).length
    assert.ok(last > 40, `${last} of the last 200 requests`)
  })

  test('and gave its first answer after five seconds, gets one request in twenty within 15 s', () => {
    for (const seed of [1, 2, 3, 4]) {
      const outcome = simulate(
        {
          ...five,
          load: 0.7,
          requests: 8_750,
          incidents: () => [
            { at: 0, server: 4, stopped: true },
            { at: 5_000, server: 4, stopped: false },
          ],
        },
        byRoom,
        seed,
      )
      for (const server of [0, 1, 2, 3, 4]) {
        const share = outcome.shareOf(server, 7_500, 22_500)
        assert.ok(share > 0.05, `seed ${seed}: ${share} of the requests for ${server}`)
      }
    }
  })
})

describe('idle nodes', () => {
  /** So many requests one after the other. @returns the routes in order. */
  function oneByOne(proxy: Fixture, requests: number): string[] {
    return Array.from({ length: requests }, () => {
      const candidate = proxy.choose()
      const held = proxy.begin(candidate)
      proxy.clock.advance(40)
      proxy.end(candidate, held)
      return candidate.node.route
    })
  }

  test('that cost about the same take turns', () => {
    const proxy = new Fixture()
    for (const ms of [40, 42, 48]) proxy.known(ms, 4)
    const turns = oneByOne(proxy, 30)
    assert.equal(new Set(turns.slice(0, 3)).size, 3)
    turns.forEach((route, index) => {
      if (index >= 3) assert.equal(route, turns[index - 3])
    })
  })

  test('that answer in a millisecond take turns although one takes half as long again', () => {
    const proxy = new Fixture()
    for (const ms of [0.3, 0.5, 0.7]) proxy.known(ms, 4)
    const turns = oneByOne(proxy, 3)
    assert.equal(new Set(turns).size, 3)
  })

  for (const seed of [1, 2, 3])
    test(`that are alike share, although their first responses differ and the times vary (seed ${seed})`, () => {
      const proxy = new Fixture()
      const random = seededRandom(seed)
      for (let n = 0; n < 3; n++) proxy.add()
      const counts = new Map<string, number>()
      for (let request = 0; request < 90; request++) {
        const candidate = proxy.choose()
        const { route } = candidate.node
        const before = counts.get(route) ?? 0
        const isCold = before === 0 && route === 'n3'
        const held = proxy.begin(candidate)
        proxy.clock.advance(isCold ? 25 : 10 * (0.5 + random()))
        proxy.end(candidate, held)
        counts.set(route, before + 1)
      }
      for (const [route, count] of counts) assert.ok(count >= 20, `${route}: ${count} of 90`)
      assert.equal(counts.size, 3)
    })

  test('that no request was ever sent to have their turn at any usual time', () => {
    const proxy = new Fixture()
    proxy.known(4, 4)
    const untried = proxy.add()
    proxy.usual.ms = 100
    assert.ok(oneByOne(proxy, 2).includes(untried.node.route))
  })

  test('that are slower than the others get no turn', () => {
    const proxy = new Fixture()
    proxy.known(40, 4)
    proxy.known(40, 4)
    const slow = proxy.known(160, 4)
    assert.ok(!oneByOne(proxy, 20).includes(slow.node.route))
  })
})

test('a newcomer among nodes with room has one request in hand until its first answer', () => {
  const proxy = new Fixture()
  for (let n = 0; n < 4; n++) proxy.known(40, 4)
  const newcomer = proxy.add()
  let most = 0
  for (let n = 0; n < 10; n++) {
    proxy.begin(proxy.choose())
    most = Math.max(most, newcomer.live.room.inHand)
  }
  assert.equal(most, 1)
})

describe('load factors', () => {
  /** Share of the first of five nodes, over the share that it asks for by a load factor beside the others'. */
  function share(load: number, own: number, others: number, jitter: number, seed: number): number {
    const random = seededRandom(seed)
    const about = (factor: number): number => factor + jitter * (Math.floor(3 * random()) - 1)
    const outcome = simulate(
      {
        ...five,
        load,
        requests: Math.round(load * 0.5 * 300_000),
        warmUp: 0.4,
        loadFactor: (server) => about(server === 0 ? own : others),
      },
      byRoom,
      seed,
    )
    return outcome.shareOf(0) / (own / (own + 4 * others))
  }

  test('that stay constant give a node its share until the other nodes are full', () => {
    for (const load of [0.3, 0.7]) {
      for (const own of [50, 10]) {
        const times = share(load, own, 100, 0, 1)
        assert.ok(times > 0.85 && times < 1.1, `${own} at ${load}: ${times}`)
      }
    }
    const half = share(0.9, 50, 100, 0, 1)
    assert.ok(half > 0.85 && half < 1.2, `half at 0.9: ${half}`)
    // A tenth would leave the others with more than they can do.
    const tenth = share(0.9, 10, 100, 0, 1)
    assert.ok(tenth > 3, `a tenth at 0.9: ${tenth}`)
  })

  test('of 100, 100 and 50 give the third node a fifth', () => {
    for (const load of [0.3, 0.7]) {
      const factors = [100, 100, 50]
      const outcome = simulate(
        {
          ...five,
          servers: 3,
          load,
          requests: Math.round(load * 0.3 * 300_000),
          warmUp: 0.4,
          loadFactor: (server) => factors[server]!,
        },
        byRoom,
        1,
      )
      assert.ok(Math.abs(outcome.shareOf(2) - 0.175) < 0.035, `${outcome.shareOf(2)} at ${load}`)
    }
  })

  test('that move give a node its share up to half of the load, and not when queues grow', () => {
    for (const own of [10, 30, 60]) {
      for (const load of [0.2, 0.5]) {
        const times = share(load, own, 90, 1, 3)
        assert.ok(times > 0.85 && times < 1.15, `${own} at ${load}: ${times}`)
      }
    }
    const full = share(0.85, 10, 90, 1, 3)
    assert.ok(full > 2, `10 at 0.85: ${full}`)
  })

  test('that are the same everywhere count for nothing', () => {
    const proxy = new Fixture()
    const all = [proxy.add(), proxy.add()]
    for (const { live } of all) for (let n = 0; n < 6; n++) live.wish.report(30)
    for (let n = 0; n < 5; n++) proxy.choose()
    assert.deepEqual(
      all.map(({ live }) => shares.of(live).credit),
      [0, 0],
    )
  })
})

describe('the explanation of a choice by byRoom', () => {
  /** `n1` quick, `n2` slow, `n3` failing, `n4` at its share, `n5` idle, far too slow and not due for a trial. */
  function five(): Fixture {
    const proxy = new Fixture()
    const quick = proxy.known(40, 4)
    const slow = proxy.known(160, 4)
    const failing = proxy.known(40, 4)
    const capped = proxy.known(40, 4)
    proxy.known(900, 1)
    for (const { live } of proxy.candidates) {
      for (let n = 0; n < 6; n++) live.wish.report(live === capped.live ? 50 : 100)
    }
    proxy.end(failing, proxy.begin(failing, 2), false)
    proxy.usual.ms = 60
    proxy.begin(quick, 3)
    proxy.begin(slow)
    return proxy
  }

  test('has the figures of that choice, and the reason for each candidate', () => {
    const proxy = five()
    const { winner, why, steps } = proxy.explain()
    assert.equal(winner, 'n1')
    assert.equal(winner, proxy.choose().node.route)
    assert.match(
      why,
      /^byRoom chose n1: one more request adds the least time there, 5\d ms \(3 requests in hand, room for 4, usually 4\d ms each\); next best is n2, 1\d\d ms \(1 request in hand, room for 4, usually 1\d\d ms each\)$/,
    )
    const [{ reasons }] = steps as [(typeof steps)[0]]
    assert.deepEqual(reasons.map(({ candidate }) => candidate).toSorted(), [
      'n1',
      'n2',
      'n3',
      'n4',
      'n5',
    ])
    const said = new Map(reasons.map((reason) => [reason.candidate, reason.why]))
    assert.match(
      said.get('n2')!,
      /^n2: one more request adds 1\d\d ms \(1 request in hand, room for 4, usually 1\d\d ms each\)/,
    )
    assert.equal(said.get('n3'), 'n3 is avoided: 36 % of its responses are errors')
    assert.equal(said.get('n4'), 'n4 has had its share (its load factor is 50, the highest is 100)')
    assert.match(
      said.get('n5')!,
      /^n5 is slow and gets its next trial request in 2 s; one more request adds/,
    )
    const { room } = proxy.candidates[0]!.live
    const now = proxy.clock.now()
    const figures = reasons.find(({ candidate }) => candidate === 'n1')!.figures
    assert.equal(figures.get('inHand'), 3)
    assert.equal(figures.get('long'), 0)
    assert.equal(figures.get('knee'), room.knee)
    assert.equal(figures.get('ms'), room.ms(now))
    assert.equal(figures.get('usual'), 60)
    assert.equal(figures.get('trialInMs'), room.trial.dueAt - now)
    assert.equal(figures.get('errors'), 0)
    const costs = reasons.map((reason) => reason.figures.get('cost')!)
    assert.equal(costs[0], Math.min(...costs))
  })

  test('says that the chosen node is due for a trial, and has the usual time for it', () => {
    const proxy = new Fixture()
    const slow = proxy.known(400, 1)
    const usual = proxy.known(40, 1)
    proxy.usual.ms = 40
    proxy.clock.advance(1_000)
    proxy.end(usual, proxy.begin(usual))
    proxy.clock.advance(1_500)
    proxy.begin(usual)
    assert.equal(proxy.choose(), slow)
    const { why, steps } = proxy.explain()
    assert.match(
      why,
      /^byRoom chose n1, due for a trial as a usual node: one more request adds the least time there, 40 ms \(0 requests in hand, room for 1, usually 40 ms each\); next best is n2/,
    )
    const [first] = steps[0]!.reasons
    assert.equal(first!.figures.get('weight'), 100)
    assert.match(first!.why, /^n1, due for a trial as a usual node: one more request adds 40 ms/)
  })

  test('changes nothing that the next choice depends on', () => {
    const [asked, unasked] = [five(), five()]
    for (let n = 0; n < 20; n++) {
      asked.explain()
      const [a, b] = [asked.choose(), unasked.choose()]
      assert.equal(a.node.id, b.node.id)
      asked.begin(a)
      unasked.begin(b)
    }
    assert.deepEqual(
      asked.candidates.map(({ live }) => shares.of(live).credit),
      unasked.candidates.map(({ live }) => shares.of(live).credit),
    )
  })

  test('reports when chance decides, when there is one candidate only, and when not all are compared', () => {
    const proxy = new Fixture()
    assert.equal(proxy.explain().why, 'there were no candidates')
    proxy.add()
    assert.equal(proxy.explain().steps[0]!.why, 'n1 is the only candidate')
    proxy.add()
    assert.match(proxy.explain().steps[0]!.why!, /n2 would add the same, chance decides$/)
    for (let n = 0; n < 48; n++) proxy.add()
    assert.match(proxy.explain().steps[0]!.why!, /; a choice compares 28 of 50$/)
  })
})
