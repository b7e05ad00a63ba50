// Choices among thousands of candidates: the usual rules hold, and a choice looks at a few of them only.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { autoCascade, modClusterCascade } from '../../../src/candidacy/proxy-cascades.ts'
import { HeldRequest } from '../../../src/cluster/held-requests.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import {
  cascadeOf,
  type NodeGiven,
  nodeCandidate,
  type ViewGiven,
  viewOf,
} from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const clock = new ManualClock()
const count = 2_000

const many = (given: (id: number) => NodeGiven = () => ({})): Candidate[] =>
  Array.from({ length: count }, (_, index) => nodeCandidate(index + 1, given(index + 1)))

function chooserOf(rule: readonly string[]): (all: Candidate[], view?: ViewGiven) => number {
  const cascade = cascadeOf(rule, { random: seededRandom(7) })
  return (all, view) => cascade.choose(all, viewOf(view), clock)?.node.id ?? 0
}

/** Wrong in four of five nodes, each kind in a row of nodes and in single ones. */
function wrongIn(id: number): NodeGiven {
  if (id <= 500) return { status: 'DISABLED' }
  switch (id % 5) {
    case 0:
      return {}
    case 1:
      return { status: 'STOPPED' }
    case 2:
      return { factor: id % 2 === 0 ? -1 : 0 }
    case 3:
      return { live: { inFlight: 3, inFlightMax: 3 } }
    default:
      return { own: { backup: true } }
  }
}

for (const [name, rule] of [
  ['auto', autoCascade],
  ['mod_cluster', modClusterCascade],
] as const) {
  describe(`${name} among many candidates`, () => {
    test('chooses only candidates that the filters leave, each as often as others', () => {
      const all = many(wrongIn)
      const choose = chooserOf(rule)
      const chosen = new Map<number, number>()
      for (let i = 0; i < 3_000; i++) {
        const id = choose(all)
        chosen.set(id, (chosen.get(id) ?? 0) + 1)
        // So that another is the best next time.
        const { live } = all[id - 1]!
        live.elected++
        live.room.begin(new HeldRequest(), clock.now())
      }
      assert.ok([...chosen.keys()].every((id) => id > 500 && id % 5 === 0))
      // Ten requests for each of 300 nodes.
      const counts = [...chosen.values()]
      assert.ok(chosen.size > 290, `${chosen.size} nodes`)
      assert.ok(Math.max(...counts) <= 20, `${Math.max(...counts)} at one node`)
    })

    test('finds the only usable one', () => {
      const all = many((id) => (id === 1_321 ? {} : { status: 'DISABLED' }))
      assert.equal(chooserOf(rule)(all), 1_321)
    })

    test('finds none when there is none, and standbys when there is nothing else', () => {
      const choose = chooserOf(rule)
      assert.equal(choose(many(() => ({ status: 'STOPPED' }))), 0)
      assert.ok(choose(many(() => ({ factor: 0 }))) > 0)
    })

    test('looks at a few candidates', () => {
      let looks = 0
      const all = many().map((candidate): Candidate => {
        return Object.defineProperty({ ...candidate }, 'status', {
          get() {
            looks++
            return 'ENABLED'
          },
        })
      })
      const choose = chooserOf(rule)
      choose(all)
      choose(all, { route: 'n1700', slot: 1_699 })
      assert.ok(looks > 0 && looks < 100, `${looks}`)
    })

    test('a session stays at its own node, disabled or standby', () => {
      const choose = chooserOf(rule)
      const all = many((id) => (id === 1_700 ? { status: 'DISABLED', factor: 0 } : {}))
      assert.equal(choose(all, { route: 'n1234', slot: 1_233 }), 1_234)
      assert.equal(choose(all, { route: 'n1700', slot: 1_699 }), 1_700)
    })

    test('a session whose node is gone or stopped goes to its domain', () => {
      const choose = chooserOf(rule)
      const all = many((id) => ({
        ...(id === 1_700 ? { status: 'STOPPED' as const } : {}),
        domain: id > 1_990 ? 'red' : 'blue',
      }))
      for (let i = 0; i < 20; i++) {
        assert.ok(choose(all, { route: 'n1700', slot: 1_699, domain: 'red' }) > 1_990)
        assert.ok(choose(all, { route: 'gone', slot: 9_999, domain: 'red' }) > 1_990)
      }
    })

    test('a session leaves a node that has stalled', () => {
      const choose = chooserOf(rule)
      const all = many()
      const { room } = all[1_699]!.live
      for (let i = 0; i < 4; i++) room.begin(new HeldRequest(), clock.now())
      const view = { route: 'n1700', slot: 1_699 }
      assert.equal(choose(all, view), 1_700)
      for (let i = 0; i < 10; i++) {
        clock.advance(500)
        choose(all, view)
      }
      assert.notEqual(choose(all, view), 1_700)
    })

    test('the key of a session chooses the same node as among all candidates', () => {
      const all = many()
      const cascade = cascadeOf(rule)
      const view = viewOf({ affinity: 12_345 })
      assert.equal(cascade.choose(all, view, clock), cascade.run(all, view, clock)[0])
    })
  })
}

test('a cascade with a function that compares all candidates gets all of them', () => {
  const all = many((id) => ({ live: { inFlight: id === 777 ? 0 : 1 } }))
  assert.equal(chooserOf(['usable', 'byInFlight'])(all), 777)
})
