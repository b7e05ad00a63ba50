// Any cascade with any figures returns a subset of the candidates, each at most once, and does not throw. Any text in a
// configuration is parsed or refused with a reason.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { explain } from '../../src/candidacy/explain.ts'
import { kinds } from '../../src/candidacy/index.ts'
import { readLocationFormat } from '../../src/candidacy/location.ts'
import { readStep, splitCascade } from '../../src/candidacy/read.ts'
import type { Candidate } from '../../src/cluster/routes.ts'
import {
  cascadeOf,
  nodeCandidate,
  peerCandidate,
  requestOf,
  viewOf,
} from '../support/candidacy-fixture.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { seededRandom } from '../support/seeded-random.ts'

const step = fc.constantFrom(
  ...kinds.map(({ name }) => name).filter((name) => name !== 'byHostname'),
  'byAge 5',
  'byLoad 0.5',
  'byBusy 3',
  'byCost speed cores',
  'byWeight p1=3 n2=0.5',
  'byInFlight 2',
  'byLatency 3',
  'byDelay 0',
  'byHostname [12]',
  'bySession SID',
  'bySession hex SID=',
  'addPrediction 0.25',
  'redirectToName %1N.example.com',
)

/** The worst figures of a peer: the parser refuses negative and infinite ones. */
const figure = fc.oneof(
  fc.constantFrom(0, 1, 0.5, 1e-12, 1e300, Number.MAX_VALUE),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
)

const peer = fc
  .record({
    load: figure,
    loadHigh: figure,
    cpuIdle: figure,
    memoryTotal: figure,
    memoryAvailable: figure,
    slotsInUse: figure,
    serviceTimeMs: figure,
    speed: figure,
    cores: figure,
    receivedAt: fc.integer({ min: 0, max: 40_000 }),
    inFlight: fc.nat(50),
  })
  .map(({ inFlight, ...given }) => (id: number, isSelf: boolean): Candidate => {
    const made = peerCandidate(id, { ...given, isSelf })
    made.live.inFlight = inFlight
    return made
  })

const node = fc
  .record({
    factor: fc.option(fc.integer({ min: -1, max: 100 }), { nil: undefined }),
    domain: fc.constantFrom('', 'east'),
    status: fc.constantFrom('ENABLED' as const, 'DISABLED' as const, 'STOPPED' as const),
    inFlight: fc.nat(50),
  })
  .map(({ inFlight, ...given }) => (id: number): Candidate => {
    const made = nodeCandidate(id, given)
    made.live.inFlight = inFlight
    return made
  })

const candidates = fc
  .tuple(fc.array(fc.oneof(peer, node), { maxLength: 80 }), fc.nat(80))
  .map(([makers, self]) => makers.map((make, index) => make(index + 1, index === self)))

test('a cascade returns some of the candidates, each at most once', () => {
  fc.assert(
    fc.property(
      candidates,
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.integer(),
      fc.constantFrom(undefined, 'n1', 'n9'),
      (all, steps, seed, route) => {
        const clock = new ManualClock()
        clock.advance(40_000)
        const self = all.find((candidate) => candidate.peer?.isSelf === true)
        const given = {
          request: requestOf('/a?SID=0a000002.p2'),
          ...(self === undefined ? {} : { self }),
          ...(route === undefined ? {} : { route }),
        }
        const before = [...all]
        const cascade = cascadeOf(steps, { random: seededRandom(seed) })
        for (let again = 0; again < 2; again++) {
          const left = cascade.run(all, viewOf(given), clock)
          assert.deepEqual(all, before)
          assert.equal(new Set(left).size, left.length)
          for (const candidate of left) assert.ok(all.includes(candidate))
        }
        const { steps: told } = explain(cascade, all, viewOf(given), clock)
        assert.equal(told.length, steps.length)
      },
    ),
  )
})

test('functions that order keep all candidates', () => {
  const orders = ['byLoad', 'byBusy', 'byCpu', 'byCost', 'byCost speed', 'byRandom', 'byWeight']
  fc.assert(
    fc.property(candidates, fc.constantFrom(...orders), (all, text) => {
      const left = cascadeOf([text]).run(all, viewOf(), new ManualClock())
      assert.equal(left.length, all.length)
      assert.equal(new Set(left).size, all.length)
    }),
  )
})

test('any text is a function or refused with a reason', () => {
  const near = fc.oneof(
    fc.string(),
    fc.tuple(step, fc.string()).map((parts) => parts.join(' ')),
    fc.string().map((text) => `byHostname ${text}`),
    fc.string().map((text) => `./x.js#${text}`),
  )
  fc.assert(
    fc.property(near, (text) => {
      for (const part of splitCascade(text)) {
        const made = readStep(part)
        if (typeof made === 'string') assert.notEqual(made, '')
      }
      readLocationFormat(text)
    }),
  )
})
