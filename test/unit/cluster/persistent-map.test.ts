// The persistent map against a native one, through thousands of random changes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PersistentMap } from '../../../src/cluster/persistent-map.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const sorted = (entries: Iterable<readonly [string | number, number]>) =>
  [...entries].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))

describe('a persistent map', () => {
  for (const [name, keyOf] of [
    ['numbers', (n: number) => n],
    ['strings', (n: number) => `node${n}`],
  ] as const) {
    test(`has the entries of a native map with ${name} as keys, after any changes`, () => {
      const random = seededRandom(11)
      const native = new Map<string | number, number>()
      let map = PersistentMap.from<string | number, number>()
      for (let step = 0; step < 6_000; step += 1) {
        // It grows at first, and shrinks in the end.
        const key = keyOf(Math.floor(random() * 1_500))
        if (random() < (step < 4_000 ? 0.2 : 0.9)) {
          native.delete(key)
          map = map.without(key)
        } else {
          native.set(key, step)
          map = map.with(key, step)
        }
        assert.equal(map.size, native.size)
        assert.equal(map.get(key), native.get(key))
        assert.equal(map.has(key), native.has(key))
      }
      assert.deepEqual(sorted(map), sorted(native))
      assert.deepEqual([...map.keys()].length, native.size)
      assert.deepEqual(new Set(map.values()), new Set(native.values()))
    })
  }

  test('is not changed by its copies', () => {
    const one = PersistentMap.from(Array.from({ length: 500 }, (_, n) => [n, n] as const))
    const before = sorted(one)
    one.with(3, 7).without(4).with(1_000, 1)
    assert.deepEqual(sorted(one), before)
    assert.equal(one.without(1_000), one)
  })

  test('is equal to one that came about in another way', () => {
    const numbers = Array.from({ length: 300 }, (_, n) => [n, n] as const)
    let other = PersistentMap.from(numbers.toReversed())
    for (let n = 300; n < 900; n += 1) other = other.with(n, n)
    for (let n = 300; n < 900; n += 1) other = other.without(n)
    assert.deepEqual(sorted(other), sorted(PersistentMap.from(numbers)))
    for (let n = 40; n < 300; n += 1) other = other.without(n)
    assert.deepEqual(other, PersistentMap.from(numbers.slice(0, 40)))
    assert.notDeepEqual(other, PersistentMap.from(numbers.slice(0, 41)))
  })
})
