// The effect of each candidacy function on a list.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ExchangeView, Means } from '../../../src/candidacy/candidacy.ts'
import { observeLatency } from '../../../src/cluster/latency.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import { signRoute } from '../../../src/wire/signed-route.ts'
import {
  announcedAgain,
  cascadeOf,
  nodeCandidate,
  peerCandidate,
  requestOf,
  viewOf,
} from '../../support/candidacy-fixture.ts'
import { cpuMs } from '../../support/cpu-ms.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const clock = new ManualClock()

/** Ids of the candidates that are left, in order. */
function left(
  text: string,
  candidates: readonly Candidate[],
  view: ExchangeView = viewOf(),
  means: Partial<Means> = {},
): number[] {
  const before = [...candidates]
  const after = cascadeOf([text], means).run(candidates, view, clock)
  assert.deepEqual(candidates, before, 'the list that came is left as it was')
  return after.map(({ node }) => node.id)
}

const resourcesOf = (id: number, given: object): Candidate => peerCandidate(id, given)

describe('active', () => {
  const standby = nodeCandidate(1, { factor: 0 })
  const unheard = nodeCandidate(2, { factor: undefined })
  const silent = nodeCandidate(3)
  silent.live.silent = true
  const busy = nodeCandidate(4, { factor: 1 })

  test('drops standbys while there are others', () => {
    assert.deepEqual(left('active', [standby, unheard, silent, busy]), [4])
    assert.deepEqual(left('active', [standby, unheard, silent]), [1, 2, 3])
  })

  test('keeps peers, which have no load factor', () => {
    assert.deepEqual(left('active', [peerCandidate(1), peerCandidate(2)]), [1, 2])
  })
})

describe('byAge', () => {
  const old = new ManualClock()
  old.advance(30_000)
  const all = [
    peerCandidate(1, { receivedAt: 0 }),
    peerCandidate(2, { receivedAt: 24_000 }),
    peerCandidate(3, { receivedAt: 9_000 }),
    peerCandidate(4, { receivedAt: 0, isSelf: true }),
  ]
  const at = (text: string, list: readonly Candidate[] = all): number[] =>
    cascadeOf([text])
      .run(list, viewOf(), old)
      .map(({ node }) => node.id)

  test('drops peers whose last announcement is older than the argument, never this server', () => {
    assert.deepEqual(at('byAge 6'), [2, 4])
    assert.deepEqual(at('byAge 5.5'), [4])
  })

  test('has a default of 20 seconds', () => {
    assert.deepEqual(at('byAge'), [2, 4])
    assert.deepEqual(at('byAge 21'), [2, 3, 4])
  })

  test('uses the last STATUS of a node, and counts a node that never reports as fresh', () => {
    const nodes = [nodeCandidate(1), nodeCandidate(2), nodeCandidate(3)]
    nodes[0]!.live.statusAt = 0
    nodes[1]!.live.statusAt = 29_000
    assert.deepEqual(at('byAge 6', nodes), [2, 3])
  })

  test('returns the same list when no candidate is too old', () => {
    assert.equal(cascadeOf(['byAge 60']).run(all, viewOf(), old), all)
  })

  test('drops a peer that becomes too old on an unchanged list', () => {
    const clock = new ManualClock()
    clock.advance(30_000)
    const cascade = cascadeOf(['byAge 60'])
    const ids = (list: readonly Candidate[]): number[] =>
      cascade.run(list, viewOf(), clock).map(({ node }) => node.id)
    assert.deepEqual(ids(all), [1, 2, 3, 4])
    clock.advance(30_000)
    assert.deepEqual(ids(all), [1, 2, 3, 4])
    clock.advance(1)
    assert.deepEqual(ids(all), [2, 3, 4])
    const fresh = [peerCandidate(5, { receivedAt: 60_000 })]
    assert.deepEqual(ids(fresh), [5])
    assert.deepEqual(ids(all), [2, 3, 4])
    clock.advance(9_000)
    assert.deepEqual(ids(all), [2, 4])
  })

  test('drops a node that stops reporting on an unchanged list', () => {
    const clock = new ManualClock()
    const nodes = [nodeCandidate(1), nodeCandidate(2)]
    nodes[0]!.live.statusAt = 0
    const cascade = cascadeOf(['byAge 6'])
    assert.equal(cascade.run(nodes, viewOf(), clock).length, 2)
    clock.advance(6_001)
    assert.equal(cascade.run(nodes, viewOf(), clock).length, 1)
    nodes[0]!.live.statusAt = 6_000
    assert.equal(cascade.run(nodes, viewOf(), clock).length, 2)
  })
})

describe('functions that order', () => {
  test('byLoad puts the least load first, with the bias subtracted from the own load', () => {
    const all = [
      peerCandidate(1, { load: 1 }),
      peerCandidate(2, { load: 0.5 }),
      peerCandidate(3, { load: 0.8, isSelf: true }),
    ]
    assert.deepEqual(left('byLoad', all), [2, 3, 1])
    assert.deepEqual(left('byLoad 0.29', all), [2, 3, 1])
    assert.deepEqual(left('byLoad 0.31', all), [3, 2, 1])
  })

  test('byLoad uses the requests in flight of a node as its load', () => {
    const all = [nodeCandidate(1), nodeCandidate(2)]
    all[0]!.live.inFlight = 2
    assert.deepEqual(left('byLoad', all), [2, 1])
  })

  test('byBusy counts slots in use, whatever the capacity; byBusyChildren is an alias', () => {
    const all = [
      peerCandidate(1, { slotsInUse: 9, slotsFree: 1_000 }),
      peerCandidate(2, { slotsInUse: 5, isSelf: true }),
      peerCandidate(3, { slotsInUse: 4, slotsFree: 0 }),
    ]
    assert.deepEqual(left('byBusy', all), [3, 2, 1])
    assert.deepEqual(left('byBusyChildren 2', all), [2, 3, 1])
  })

  test('byCpu puts the most idle first; of a node it uses the load factor', () => {
    assert.deepEqual(
      left('byCPU', [peerCandidate(1, { cpuIdle: 0.2 }), peerCandidate(2, { cpuIdle: 0.7 })]),
      [2, 1],
    )
    assert.deepEqual(
      left('byCpu', [
        nodeCandidate(1, { factor: -1 }),
        nodeCandidate(2, { factor: 30 }),
        nodeCandidate(3, { factor: 80 }),
      ]),
      [3, 2, 1],
    )
  })

  for (const text of ['byLoad', 'byBusy', 'byCpu', 'byCost', 'byCost speed cores']) {
    test(`${text} keeps the order of ties`, () => {
      for (const ids of [
        [3, 1, 2],
        [2, 3, 1, 5, 4],
      ]) {
        assert.deepEqual(
          left(
            text,
            ids.map((id) => peerCandidate(id)),
          ),
          ids,
        )
      }
      const many = Array.from({ length: 200 }, (_, index) =>
        peerCandidate(index + 1, {
          load: index % 2,
          slotsInUse: index % 2,
          cpuIdle: 1 - (index % 2),
        }),
      )
      const order = left(text, many)
      const [odd, even] = [order.slice(0, 100), order.slice(100)]
      assert.deepEqual(
        odd,
        odd.toSorted((a, b) => a - b),
      )
      assert.deepEqual(
        even,
        even.toSorted((a, b) => a - b),
      )
    })
  }
})

describe('byCost', () => {
  test('puts the least added cost of load and memory first', () => {
    const free = { memoryTotal: 100, memoryAvailable: 100 }
    assert.deepEqual(
      left('byCost', [
        resourcesOf(1, { ...free, load: 3, loadHigh: 4 }),
        resourcesOf(2, { ...free, load: 1, loadHigh: 4 }),
        resourcesOf(3, { ...free, load: 2, loadHigh: 4 }),
      ]),
      [2, 3, 1],
    )
  })

  test('avoids an idle server whose memory is nearly used up', () => {
    const busy = resourcesOf(1, { load: 9, loadHigh: 64, memoryTotal: 100, memoryAvailable: 90 })
    const full = resourcesOf(2, { load: 0, loadHigh: 64, memoryTotal: 100, memoryAvailable: 1 })
    const others = [3, 4, 5, 6].map((id) => resourcesOf(id, { load: 60, loadHigh: 64 }))
    assert.equal(left('byCost', [full, busy, ...others])[0], 1)
    assert.equal(left('byLoad', [full, busy, ...others])[0], 2)
  })

  test('scales all loads by the highest that any candidate has seen', () => {
    // Scaled by its own highest load, the first would seem a tenth as loaded as the second.
    const all = [
      resourcesOf(1, { load: 6, loadHigh: 64 }),
      resourcesOf(2, { load: 1, loadHigh: 1 }),
    ]
    assert.deepEqual(left('byCost', all), [2, 1])
  })

  test('divides by speed and cores with the argument for it', () => {
    const all = [
      resourcesOf(1, { load: 2, loadHigh: 4, speed: 50, cores: 1 }),
      resourcesOf(2, { load: 3, loadHigh: 4, speed: 200, cores: 1 }),
      resourcesOf(3, { load: 4, loadHigh: 4, speed: 50, cores: 8 }),
    ]
    assert.deepEqual(left('byCost', all), [1, 2, 3])
    assert.deepEqual(left('byCost speed', all), [2, 1, 3])
    assert.equal(left('byCost cores', all)[0], 3)
  })

  test('orders nodes by their requests in flight', () => {
    const all = [nodeCandidate(1), nodeCandidate(2)]
    all[0]!.live.inFlight = 5
    assert.deepEqual(left('byCost', all), [2, 1])
  })
})

describe('addPrediction', () => {
  test('adds load to the first candidate until its next announcement', () => {
    const cascade = cascadeOf(['byLoad', 'addPrediction'])
    const first = peerCandidate(1, { load: 0 })
    const all = [first, peerCandidate(2, { load: 1.5 })]
    const ids = [1, 2, 3, 4].map(() => cascade.run(all, viewOf(), clock)[0]!.node.id)
    assert.deepEqual(ids, [1, 1, 2, 1])
    const again = [announcedAgain(first, { load: 0 }, 1_000), all[1]!]
    assert.equal(cascade.run(again, viewOf(), clock)[0]!.node.id, 1)
    assert.equal(cascade.run(again, viewOf(), clock)[0]!.node.id, 1)
  })

  test('scales a job by the speed of the server relative to the others', () => {
    const cascade = cascadeOf(['byLoad', 'addPrediction'])
    const all = [peerCandidate(1, { speed: 400 }), peerCandidate(2, { speed: 100 })]
    const ids = Array.from({ length: 50 }, () => cascade.run(all, viewOf(), clock)[0]!.node.id)
    assert.equal(ids.filter((id) => id === 1).length, 40)
  })

  test('has the size of a job as its argument', () => {
    const cascade = cascadeOf(['byLoad', 'addPrediction 0.5'])
    const all = [peerCandidate(1, { load: 0 }), peerCandidate(2, { load: 1.2 })]
    const ids = [1, 2, 3, 4].map(() => cascade.run(all, viewOf(), clock)[0]!.node.id)
    assert.deepEqual(ids, [1, 1, 1, 2])
  })

  test('has no effect on a node, whose requests in flight are known', () => {
    const all = [nodeCandidate(1), nodeCandidate(2)]
    all[1]!.live.inFlight = 1
    const cascade = cascadeOf(['byLoad', 'addPrediction'])
    const ids = [1, 2, 3].map(() => cascade.run(all, viewOf(), clock)[0]!.node.id)
    assert.deepEqual(ids, [1, 1, 1])
  })

  test('leaves the list as it is', () => {
    assert.deepEqual(left('addPrediction', [peerCandidate(2), peerCandidate(1)]), [2, 1])
    assert.deepEqual(left('addPrediction', []), [])
  })
})

describe('random functions', () => {
  const random = seededRandom(7)

  test('byRandom makes every order equally likely', () => {
    const cascade = cascadeOf(['byRandom'], { random })
    const all = [1, 2, 3].map((id) => peerCandidate(id))
    const orders = new Map<string, number>()
    for (let i = 0; i < 6_000; i++) {
      const order = cascade
        .run(all, viewOf(), clock)
        .map(({ node }) => node.id)
        .join('')
      orders.set(order, (orders.get(order) ?? 0) + 1)
    }
    assert.equal(orders.size, 6)
    for (const [order, count] of orders) {
      assert.ok(Math.abs(count - 1_000) < 150, `${order}: ${count} of 6000`)
    }
  })

  function firsts(text: string, all: readonly Candidate[], times: number): number[] {
    const cascade = cascadeOf([text], { random })
    const counts = all.map(() => 0)
    for (let i = 0; i < times; i++) {
      counts[all.indexOf(cascade.run(all, viewOf(), clock)[0]!)]!++
    }
    return counts.map((count) => count / times)
  }

  const about = (shares: readonly number[], wanted: readonly number[]): void => {
    for (const [index, share] of shares.entries()) {
      assert.ok(Math.abs(share - wanted[index]!) < 0.03, `${shares} instead of ${wanted}`)
    }
  }

  test('byWeight puts each first in proportion to its speed x cores', () => {
    const all = [
      peerCandidate(1, { speed: 100, cores: 1 }),
      peerCandidate(2, { speed: 100, cores: 2 }),
      peerCandidate(3, { speed: 400, cores: 1 }),
    ]
    about(firsts('byWeight', all, 5_000), [1 / 7, 2 / 7, 4 / 7])
  })

  test('byWeight uses the usual speed for a peer that has not measured its own', () => {
    const all = [peerCandidate(1, { speed: 300 }), peerCandidate(2, { speed: 1 })]
    about(firsts('byWeight', all, 3_000), [0.5, 0.5])
  })

  test('byWeight uses the load factors of nodes, and standbys come last', () => {
    const all = [nodeCandidate(1, { factor: 75 }), nodeCandidate(2, { factor: 25 })]
    about(firsts('byWeight', [...all, nodeCandidate(3, { factor: 0 })], 3_000), [0.75, 0.25, 0])
  })

  test('byWeight uses weights by name, and 1 for candidates that it does not name', () => {
    const all = [1, 2, 3].map((id) => nodeCandidate(id, { factor: 1 }))
    about(firsts('byWeight n1=6 n3=3', all, 3_000), [0.6, 0.1, 0.3])
  })

  test('byLogWindow keeps the first log2(n), rounded up, at least one', () => {
    const kept = (count: number): number =>
      left(
        'byLogWindow',
        Array.from({ length: count }, (_, index) => peerCandidate(index + 1)),
      ).length
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 8, 9, 64, 65, 500].map(kept),
      [0, 1, 1, 2, 2, 3, 3, 4, 6, 7, 9],
    )
  })
})

describe('byInFlight', () => {
  test('keeps the candidate with the fewest requests in flight', () => {
    const all = [1, 2, 3].map((id) => nodeCandidate(id))
    for (const [index, count] of [4, 2, 3].entries()) all[index]!.live.inFlight = count
    assert.deepEqual(left('byInFlight', all), [2])
  })

  test('breaks ties at random', () => {
    const cascade = cascadeOf(['byInFlight'])
    const all = [1, 2, 3].map((id) => nodeCandidate(id))
    const seen = new Set(
      Array.from({ length: 50 }, () => cascade.run(all, viewOf(), clock)[0]!.node.id),
    )
    assert.equal(seen.size, 3)
  })

  test('with a number draws so many, so that the worst of three is kept only when both draws hit it', () => {
    const cascade = cascadeOf(['byInFlight 2'])
    const all = [1, 2, 3].map((id) => nodeCandidate(id))
    for (const [index, count] of [9, 5, 1].entries()) all[index]!.live.inFlight = count
    const counts = new Map<number, number>()
    for (let i = 0; i < 9_000; i++) {
      const { id } = cascade.run(all, viewOf(), clock)[0]!.node
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    for (const [id, wanted] of [
      [1, 1_000],
      [2, 3_000],
      [3, 5_000],
    ] as const) {
      assert.ok(Math.abs(counts.get(id)! - wanted) < 250, `n${id}: ${counts.get(id)} of 9000`)
    }
  })
})

describe('byLatency', () => {
  const all = [1, 2].map((id) => nodeCandidate(id))
  observeLatency(all[0]!.live.latency, 10, 0)
  observeLatency(all[1]!.live.latency, 40, 0)

  test('keeps the least latency x (requests in flight + 1)', () => {
    assert.deepEqual(left('byLatency', all), [1])
    all[0]!.live.inFlight = 4
    assert.deepEqual(left('byLatency', all), [2])
    all[0]!.live.inFlight = 0
  })

  test('tries a newcomer, but one request at a time while others are idle', () => {
    const newcomer = nodeCandidate(3)
    newcomer.live.inFlight = 1
    assert.deepEqual(left('byLatency', [...all, newcomer]), [1])
    newcomer.live.inFlight = 0
    all[0]!.live.inFlight = 1
    assert.deepEqual(left('byLatency', [...all, newcomer]), [3])
    all[0]!.live.inFlight = 0
  })

  test('uses the announced service time until a latency is measured', () => {
    const peers = [peerCandidate(1, { serviceTimeMs: 90 }), peerCandidate(2, { serviceTimeMs: 30 })]
    assert.deepEqual(left('byLatency', peers), [2])
    observeLatency(peers[0]!.live.latency, 5, 0)
    assert.deepEqual(left('byLatency', peers), [1])
  })
})

describe('byDelay', () => {
  const peers = (
    self: number,
    other: number,
    speeds: readonly [number, number],
    announced = 1,
  ): Candidate[] => {
    const all = [
      peerCandidate(1, { isSelf: true, speed: speeds[0] }),
      peerCandidate(2, { slotsInUse: announced, speed: speeds[1] }),
    ]
    all[0]!.live.inFlight = self
    all[1]!.live.inFlight = other
    return all
  }

  test('serves here while this server is idle, and hands over what would wait', () => {
    assert.deepEqual(left('byDelay', peers(0, 0, [100, 100])), [1])
    assert.deepEqual(left('byDelay', peers(2, 0, [100, 100])), [2])
    assert.deepEqual(left('byDelay', peers(2, 2, [100, 100])), [1])
  })

  test('waits rather than hand over to a slow server, and hands over to a fast one at once', () => {
    assert.deepEqual(left('byDelay', peers(6, 0, [100, 25])), [1])
    assert.deepEqual(left('byDelay', peers(8, 0, [100, 25])), [2])
    assert.deepEqual(left('byDelay', peers(0, 0, [25, 100])), [2])
  })

  test('assumes the announced average at other servers, or its argument', () => {
    assert.deepEqual(left('byDelay', peers(19, 0, [100, 100], 20)), [1])
    assert.deepEqual(left('byDelay', peers(21, 0, [100, 100], 20)), [2])
    assert.deepEqual(left('byDelay 3', peers(2, 0, [100, 100], 20)), [1])
    assert.deepEqual(left('byDelay 3', peers(4, 0, [100, 100], 20)), [2])
  })

  test('does not prefer the peer that announced the least', () => {
    const cascade = cascadeOf(['byDelay'])
    const self = peerCandidate(1, { isSelf: true })
    self.live.inFlight = 30
    const all = [self, peerCandidate(2, { slotsInUse: 0 }), peerCandidate(3, { slotsInUse: 8 })]
    const seen = new Set(
      Array.from({ length: 50 }, () => cascade.run(all, viewOf(), clock)[0]!.node.id),
    )
    assert.deepEqual([...seen].sort(), [2, 3])
  })

  test('hands nothing over just because all others were idle when they announced', () => {
    assert.deepEqual(left('byDelay', peers(0, 0, [100, 100], 0)), [1])
  })

  test('for nodes, whose speed is not known, compares requests in flight', () => {
    const all = [nodeCandidate(1), nodeCandidate(2)]
    all[0]!.live.inFlight = 4
    all[1]!.live.inFlight = 3
    assert.deepEqual(left('byDelay', all), [2])
  })
})

describe('byHostname', () => {
  const named = (id: number, name: string, host = '10.0.0.9'): Candidate =>
    peerCandidate(id, { announcement: { name, host } })

  test('keeps names that match the pattern, case-insensitively', () => {
    const all = [named(1, 'sun-1'), named(2, 'moon'), named(3, 'Alpha.example.com')]
    assert.deepEqual(left('byHostname (sun|alpha)', all), [1, 3])
    assert.deepEqual(left('byHostname ^moon$', all), [2])
  })

  test('also matches the host, and route and host of a node', () => {
    assert.deepEqual(left('byHostname ^10\\.1\\.', [named(1, 'a', '10.1.0.2'), named(2, 'b')]), [1])
    assert.deepEqual(left('byHostname n2', [nodeCandidate(1), nodeCandidate(2)]), [2])
  })

  for (const [pattern, reason] of [
    ['', /pattern is missing/],
    ['(', /[Uu]nterminated group/],
    ['(a+)+$', /group repeats/],
    ['(a|a)*', /group repeats/],
    ['(a?){30}', /group repeats/],
    ['.*.*.*.*.*x', /more than 4 of its parts repeat/],
    ['(a)\\1', /refers back/],
  ] as const) {
    test(`refuses ${pattern === '' ? 'no pattern' : pattern}`, () => {
      assert.throws(() => cascadeOf([`byHostname ${pattern}`]), reason)
    })
  }

  test('matches the worst accepted pattern against the worst name quickly', () => {
    const worst = named(1, `${'a'.repeat(62)}!`)
    const ms = cpuMs(() => assert.deepEqual(left('byHostname a*a*a*a*$x', [worst]), []))
    assert.ok(ms < 1_000, `${ms} ms`)
  })

  test('counts classes and escapes as single letters', () => {
    const all = [named(1, 'web-12.eu'), named(2, 'web-x.eu')]
    assert.deepEqual(left('byHostname ^web-[0-9+*?]+\\.(eu|us)$', all), [1])
    assert.deepEqual(left('byHostname ^(www\\.)?web-\\d+', all), [1])
  })
})

describe('bySession with a name', () => {
  const key = Buffer.from('of the cluster')
  const all = [1, 2, 3].map((id) => peerCandidate(id))
  const by = (text: string, cookie: string, target: string, means: Partial<Means> = {}): number[] =>
    left(text, all, viewOf({ request: requestOf(target, cookie === '' ? {} : { cookie }) }), means)

  test('finds the route in a cookie, a path parameter or a query argument', () => {
    assert.deepEqual(by('bySession SID', 'a=1; SID=abc.p2', '/'), [2])
    assert.deepEqual(by('bySession SID', '', '/shop;SID=abc.p3?x=1'), [3])
    assert.deepEqual(by('bySession SID', '', '/shop?x=1&SID=abc.p1'), [1])
  })

  test('leaves the list unchanged without a session, and for a session of a server that is gone', () => {
    assert.deepEqual(by('bySession SID', '', '/'), [1, 2, 3])
    assert.deepEqual(by('bySession SID', 'SID=abc.p9', '/'), [1, 2, 3])
    assert.deepEqual(by('bySession SID', 'SID=abc', '/'), [1, 2, 3])
  })

  test('with keys accepts only signed routes, of the old key and the new', () => {
    const routeKeys = [Buffer.from('newer'), key]
    const session = `SID=abc.${signRoute('p2', key)}`
    assert.deepEqual(by('bySession SID', session, '/', { routeKeys }), [2])
    assert.deepEqual(by('bySession SID', 'SID=abc.p2', '/', { routeKeys }), [1, 2, 3])
    const forged = session.replace('p2', 'p3')
    assert.deepEqual(by('bySession SID', forged, '/', { routeKeys }), [1, 2, 3])
  })

  test('with hex reads 8 hexadecimal digits of an address', () => {
    assert.deepEqual(by('bySession hex PHPSESSID=', 'PHPSESSID=0a000002ffff', '/'), [2])
    assert.deepEqual(by('bySession hex PHPSESSID=', 'PHPSESSID=0a0000ffffff', '/'), [1, 2, 3])
    assert.deepEqual(by('bySession hex PHPSESSID=', 'PHPSESSID=zz', '/'), [1, 2, 3])
  })
})

describe('this server', () => {
  const self = peerCandidate(2, { isSelf: true })
  const all = [peerCandidate(1), self, peerCandidate(3)]

  test('is dropped by removeSelf and appended once by addSelf', () => {
    assert.deepEqual(left('removeSelf', all), [1, 3])
    assert.deepEqual(left('addSelf', [all[0]!, all[2]!], viewOf({ self })), [1, 3, 2])
    assert.deepEqual(left('addSelf', all, viewOf({ self })), [1, 2, 3])
  })

  test('does not exist in a proxy', () => {
    const nodes = [nodeCandidate(1)]
    assert.deepEqual(left('addSelf', nodes), [1])
    assert.deepEqual(left('removeSelf', nodes), [1])
  })
})

test('off leaves no candidate; backhand_off is an alias', () => {
  assert.deepEqual(left('off', [peerCandidate(1)]), [])
  assert.deepEqual(left('backhand_off', [peerCandidate(1)]), [])
})

test('redirectToName and redirectToIp leave the list unchanged', () => {
  for (const text of ['redirectToName', 'redirectToIp', 'HTTPRedirectToIP', 'HTTPRedirectToName']) {
    assert.deepEqual(left(text, [peerCandidate(2), peerCandidate(1)]), [2, 1])
  }
})
