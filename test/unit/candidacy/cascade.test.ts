// Cascades as a whole: their textual form, cascades by path, decisions, failing functions, and explanations.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UserCandidacy } from '../../../src/candidacy/candidacy.ts'
import { Cascades } from '../../../src/candidacy/cascades.ts'
import { decide } from '../../../src/candidacy/decide.ts'
import { explain } from '../../../src/candidacy/explain.ts'
import { peerCascade } from '../../../src/candidacy/index.ts'
import { modClusterCascade } from '../../../src/candidacy/proxy-cascades.ts'
import { cascadeProblem, readStep, splitCascade } from '../../../src/candidacy/read.ts'
import { newDerived } from '../../../src/cluster/candidate.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import {
  cascadeOf,
  meansOf,
  nodeCandidate,
  peerCandidate,
  viewOf,
} from '../../support/candidacy-fixture.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const clock = new ManualClock()
const fail = (name: string, error: unknown): never => {
  throw new Error(`${name}: ${error}`)
}

describe('the textual form', () => {
  test('functions are separated by commas; commas in brackets belong to an argument', () => {
    assert.deepEqual(
      splitCascade(' byAge 5,byRandom , byHostname (a,b) ,, byHostname [x,y]{1,2}'),
      ['byAge 5', 'byRandom', 'byHostname (a,b)', 'byHostname [x,y]{1,2}'],
    )
    assert.deepEqual(splitCascade(''), [])
  })

  test('names are case-insensitive, aliases are accepted, and steps have the current name', () => {
    for (const [text, name] of [
      ['BYAGE 6', 'byAge 6'],
      ['byCPU', 'byCpu'],
      ['byBusyChildren   1', 'byBusy 1'],
      ['HTTPRedirectToIP', 'redirectToIp'],
      ['backhand_off', 'off'],
    ] as const) {
      const made = readStep(text)
      assert.ok(typeof made === 'function', String(made))
      assert.equal(made(meansOf()).name, name)
    }
  })

  for (const [text, reason] of [
    ['byAeg 5', /no candidacy function called byAeg; did you mean byAge\?/],
    ['byTides', /no candidacy function called byTides; there are usable, bySession, /],
    ['byTides', /; and for the proxy, alone, auto or mod_cluster$/],
    ['mod_clustr', /no candidacy function called mod_clustr; did you mean mod_cluster\?/],
    ['byLoadWindow', /no candidacy function called byLoadWindow/],
    ['byAge soon', /byAge: "soon" is not a number from 0 to 86400; write byAge \[SECONDS\]/],
    ['byAge -1', /"-1" is not a number/],
    ['byLoad 0x10', /"0x10" is not a number/],
    ['byRandom 7', /byRandom: it takes no argument; write byRandom$/],
    ['byInFlight 1', /byInFlight: "1" is not a whole number from 2 to 999/],
    ['byCost cheap', /byCost: "cheap" is neither speed nor cores/],
    ['byWeight n1', /n1 is not NAME=WEIGHT/],
    ['byWeight n1=0', /n1=0 is not NAME=WEIGHT/],
    ['byHostname', /the pattern is missing/],
    ['bySession a b c', /"a b c" is no name of a cookie/],
    ['redirectToName %X', /redirectToName: %/],
    ['redirectToName http://', /host is missing/],
    ['redirectToName ftp://%N', /the scheme is http, https or %S/],
    ['redirectToIp %2A', /%2A has no labels/],
    ['redirectToName a b', /cannot be part of a host/],
    ['redirectToName %N/path', /host is missing/],
    ['./near.js', /a module without a function; write \.\/FILE\.js#NAME ARGUMENT/],
    [`byHostname ${'x'.repeat(600)}`, /more than 512 characters/],
  ] as const) {
    test(`"${text.slice(0, 40)}" is refused with a reason`, () => {
      const made = readStep(text)
      assert.ok(typeof made === 'string')
      assert.match(made, reason)
    })
  }

  test('a cascade that is empty, too long, or has off beside others is refused', () => {
    assert.match(String(cascadeProblem([])), /write off for no balancing/)
    assert.match(String(cascadeProblem(Array(40).fill('byRandom'))), /more than 32/)
    assert.match(String(cascadeProblem(['byRandom', 'off'])), /off stands alone/)
    assert.match(String(cascadeProblem(['byRandom', 'bySun'])), /bySun/)
    for (const good of [modClusterCascade, peerCascade, ['off']]) {
      assert.equal(cascadeProblem(good), undefined)
    }
  })
})

describe('cascades of paths', () => {
  const cascades = new Cascades(
    [
      { path: '/', candidacy: ['byRandom'] },
      { path: '/shop', candidacy: ['byAge 1'] },
      { path: '/shop/img/', candidacy: ['off'] },
    ],
    meansOf(),
    fail,
  )
  const at = (path: string): string | undefined => cascades.find(path).steps[0]?.name

  test('the longest path of whole segments applies', () => {
    for (const [path, name] of [
      ['', 'byRandom'],
      ['/', 'byRandom'],
      ['/shop', 'byAge 1'],
      ['/shop/', 'byAge 1'],
      ['/shopping', 'byRandom'],
      ['/shop/cart/1', 'byAge 1'],
      ['/shop/img', 'off'],
      ['/shop/img/a.png', 'off'],
      ['/shop/images', 'byAge 1'],
      [`/shop/img${'/x'.repeat(5_000)}`, 'off'],
      [`/${'x/'.repeat(5_000)}`, 'byRandom'],
    ] as const) {
      assert.equal(at(path), name, path.slice(0, 40))
    }
  })

  test("a path's own list replaces the one above it", () => {
    assert.deepEqual(
      cascades.find('/shop').steps.map(({ name }) => name),
      ['byAge 1'],
    )
  })

  test('an application has one cascade unless a path below it has one of its own', () => {
    const paths = ['/shop', '', '/shop/img', '/other']
    const applications = paths.map((path) => ({ path, derived: newDerived() }))
    const expected = [undefined, undefined, cascades.find('/shop/img/x'), cascades.find('/other')]
    for (let time = 0; time < 2; time += 1)
      assert.deepEqual(
        applications.map((application) => cascades.of(application)),
        expected,
      )
  })

  test('of two cascades for one path the last applies, and one for / is required', () => {
    const two = new Cascades(
      [
        { path: '/', candidacy: ['byRandom'] },
        { path: '/', candidacy: ['byCpu'] },
      ],
      meansOf(),
      fail,
    )
    assert.equal(two.find('/x').steps[0]?.name, 'byCpu')
    assert.ok(two.isSingle)
    assert.throws(
      () => new Cascades([{ path: '/a', candidacy: ['off'] }], meansOf(), fail),
      RangeError,
    )
  })
})

describe('decide', () => {
  const self = peerCandidate(1, { isSelf: true, load: 1 })
  const other = peerCandidate(2, { load: 0 })
  const decided = (candidacy: readonly string[], candidates = [self, other]) =>
    decide(cascadeOf(candidacy), candidates, viewOf({ self }), clock)

  test('a request goes to the chosen peer, or is served here if this server is chosen', () => {
    assert.equal(decided(['byLoad']).mode, 'proxy')
    assert.equal(decided(['byLoad']).candidate, other)
    assert.deepEqual(decided(['byLoad 2']), { candidate: self, mode: 'here', location: undefined })
  })

  test('an empty list means here, and so does off', () => {
    for (const decision of [
      decided(['off']),
      decided(['byHostname nobody']),
      decided(['byLoad'], []),
    ]) {
      assert.deepEqual(decision, { candidate: undefined, mode: 'here', location: undefined })
    }
  })

  test('a redirect can stand anywhere in the cascade and never leads to this server', () => {
    for (const candidacy of [
      ['byLoad', 'redirectToIp'],
      ['redirectToIp', 'byLoad'],
    ]) {
      const { mode, location } = decided(candidacy)
      assert.equal(mode, 'redirect')
      assert.deepEqual(location?.parts, [{ name: 'A', labels: 0 }])
    }
    assert.equal(decided(['redirectToIp', 'byLoad 2']).mode, 'here')
  })
})

describe('a function that fails', () => {
  const all = [nodeCandidate(1), nodeCandidate(2)]
  const stranger = nodeCandidate(3)

  for (const [what, policy] of [
    ['throws', () => fail('policy', 'no')],
    ['gives back nothing', () => undefined],
    ['gives back what is no list', () => ({ length: 1, 0: all[0] })],
    ['gives back a promise', () => Promise.reject(new Error('later'))],
    ['gives back a stranger', () => [stranger]],
    ['gives back one twice', () => [all[0], all[0]]],
    ['gives back a hole', () => new Array(2)],
  ] as const) {
    test(`leaves the list unchanged and is reported when it ${what}`, () => {
      const policies = new Map([['./p.js#it', policy as unknown as UserCandidacy]])
      const told: string[] = []
      const cascade = cascadeOf(['./p.js#it with that', 'byRandom'], { policies }, (name) =>
        told.push(name),
      )
      assert.equal(cascade.run(all, viewOf(), clock).length, 2)
      assert.deepEqual(told, ['./p.js#it with that'])
    })
  }

  test('a good one receives its argument, and may modify its list later', () => {
    const kept: unknown[][] = []
    const it: UserCandidacy = (candidates, _exchange, _clock, argument) => {
      const found = candidates.filter(({ node }) => node.route === argument)
      kept.push(found)
      return found
    }
    const cascade = cascadeOf(['./p.js#it n2'], { policies: new Map([['./p.js#it', it]]) })
    const after = cascade.run(all, viewOf(), clock)
    kept[0]!.length = 0
    assert.deepEqual(after, [all[1]])
  })

  test('one that sorts in place does not change the shared list', () => {
    const policies = new Map<string, UserCandidacy>([
      ['./p.js#it', (candidates) => (candidates as Candidate[]).reverse()],
    ])
    const cascade = cascadeOf(['./p.js#it'], { policies })
    const list = [...all]
    assert.deepEqual(cascade.run(list, viewOf(), clock), [all[1], all[0]])
    assert.deepEqual(list, all)
  })

  test('one whose module is not loaded is refused', () => {
    assert.throws(() => cascadeOf(['./p.js#it']), /\.\/p\.js#it has not been loaded/)
  })
})

describe('explain', () => {
  const all = [
    peerCandidate(1, { load: 3 }),
    peerCandidate(2, { load: 1 }),
    peerCandidate(3, { load: 2, announcement: { name: 'sun' } }),
  ]
  const explained = (candidacy: readonly string[], candidates = all) =>
    explain(cascadeOf(candidacy), candidates, viewOf(), clock)

  test('reports the list before and after each function, with the figures', () => {
    const { steps, winner, why } = explained(['byHostname p', 'byLoad'])
    assert.deepEqual(steps[0], {
      name: 'byHostname p',
      before: ['p1', 'p2', 'sun'],
      after: ['p1', 'p2'],
      figures: new Map(),
      failure: undefined,
      reasons: [],
      why: undefined,
    })
    assert.deepEqual(steps[1]?.after, ['p2', 'p1'])
    assert.deepEqual(
      [...(steps[1]?.figures ?? [])],
      [
        ['p1', 3],
        ['p2', 1],
      ],
    )
    assert.equal(winner, 'p2')
    assert.equal(why, 'byLoad put p2 first of 2 at 1')
  })

  test('names the function that chose the candidate which was the first before', () => {
    assert.equal(explained(['byHostname p1', 'byLoad']).why, 'byHostname p1 chose p1 of 3')
  })

  test('reports when no candidate is left, and when nothing changed', () => {
    assert.equal(explained(['byLoad', 'byHostname moon']).why, 'byHostname moon left no candidate')
    assert.equal(explained(['byLoad'], []).why, 'there were no candidates')
    assert.equal(explained(['addSelf']).why, 'p1 was first from the beginning and stayed first')
  })

  test('reports a function that failed', () => {
    const policies = new Map<string, UserCandidacy>([['./p.js#bad', () => fail('it', 'broken')]])
    const { steps } = explain(
      cascadeOf(['./p.js#bad', 'byLoad'], { policies }),
      all,
      viewOf(),
      clock,
    )
    assert.equal(steps[0]?.failure, 'it: broken')
    assert.deepEqual(steps[0]?.after, steps[0]?.before)
    assert.equal(steps[1]?.failure, undefined)
  })

  test('changes nothing that the next choice depends on', () => {
    const cascade = cascadeOf(['byLoad', 'addPrediction 9'])
    for (let i = 0; i < 5; i++) explain(cascade, all, viewOf(), clock)
    assert.equal(cascade.run(all, viewOf(), clock)[0]?.node.id, 2)
    assert.equal(cascade.run(all, viewOf(), clock)[0]?.node.id, 3)
  })
})

test('the default cascade copies no list when all nodes are usable', () => {
  const all = [1, 2, 3].map((id) => nodeCandidate(id))
  const chosen = cascadeOf(modClusterCascade).run(all, viewOf(), clock)
  assert.equal(chosen, all[0]!.alone)
})
