// The longest path that a request's path lies in: used for contexts, cascades and announced paths alike.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathKey } from '../../../src/cluster/context.ts'
import { isWithin, PathMap } from '../../../src/cluster/path-map.ts'
import { cpuMs } from '../../support/cpu-ms.ts'

describe('a path', () => {
  test('lies within a key at segment borders only, and everything within the root', () => {
    for (const path of ['/shop', '/shop/', '/shop/a', '/shop//']) {
      assert.equal(isWithin(path, '/shop'), true, path)
    }
    for (const path of ['', '/', '/sho', '/shopping', '/Shop', '//shop', '/a/shop']) {
      assert.equal(isWithin(path, '/shop'), false, path)
    }
    for (const path of ['', '/', '/a']) assert.equal(isWithin(path, pathKey('/')), true, path)
  })
})

describe('a map of paths', () => {
  const map = new PathMap<string>()
  for (const path of ['/shop', '/shop/admin/x', '/a/']) map.set(pathKey(path), path)

  test('finds the longest key', () => {
    for (const [path, found] of [
      ['/shop', '/shop'],
      ['/shop/', '/shop'],
      ['/shop/admin', '/shop'],
      ['/shop/admin/x/y', '/shop/admin/x'],
      ['/shop/admin/xy', '/shop'],
      ['/a/b', '/a/'],
      ['/ab', undefined],
      ['/', undefined],
      ['', undefined],
    ] as const) {
      assert.equal(map.find(path), found, path)
    }
  })

  test('finds the same for every path as a search through all keys', () => {
    const keys = [...map.keys()].sort((a, b) => b.length - a.length)
    for (const tail of ['', '/x', '/admin/x', '/admin/x/y', '/y'.repeat(90), 'z'.repeat(90)]) {
      for (const path of [`/shop${tail}`, `/a${tail}`, tail]) {
        const longest = keys.find((key) => isWithin(path, key))
        assert.equal(map.find(path), longest === undefined ? undefined : map.get(longest), path)
      }
    }
  })

  test('costs no look-up for each of thousands of slashes', () => {
    const ms = cpuMs(() => {
      for (let times = 0; times < 100; times++) {
        assert.equal(map.find(`/shop${'/'.repeat(30_000)}`), '/shop')
        assert.equal(map.find(`/${'x/'.repeat(15_000)}`), undefined)
      }
    })
    assert.ok(ms < 2_000, `${ms} ms`)
  })

  test('a value for the root is found for every path, the empty one included', () => {
    const rooted = new PathMap<number>()
    rooted.set(pathKey('/'), 1)
    rooted.set('/a', 2)
    assert.deepEqual(
      ['', '/', '/b/c', '/a/b'].map((path) => rooted.find(path)),
      [1, 1, 1, 2],
    )
  })
})
