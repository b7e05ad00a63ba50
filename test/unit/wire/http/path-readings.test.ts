// Paths for the look-up of contexts: plain ones, the readings of others, and ambiguous ones.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { httpLimits } from '../../../../src/base/limits.ts'
import { plainPath, rawPath } from '../../../../src/wire/http/path.ts'
import { agreed, firstReading, pathReadings } from '../../../../src/wire/http/path-readings.ts'

const plainOf = (target: string): string | undefined => {
  const bytes = Buffer.from(`GET ${target} HTTP/1.1`)
  return plainPath(bytes, 4, 4 + target.length)
}

describe('a path that all servers read alike', () => {
  for (const [target, path] of [
    ['/', '/'],
    ['', ''],
    ['*', '*'],
    ['/a/b?c;d=%2e//..', '/a/b'],
    ['/a.b/.c/d../..e.', '/a.b/.c/d../..e.'],
    ['/.well-known/x', '/.well-known/x'],
  ] as const) {
    test(`${target || '(none)'} is used as it is`, () => {
      assert.equal(plainOf(target) ?? pathReadings(target)?.join(' '), path)
    })
  }

  for (const target of ['//', '/a//b', '/./a', '/a/..', '/a/.', '/a/.?x', '/a;b', '/%61', '/..']) {
    test(`${target} needs its readings`, () => assert.equal(plainOf(target), undefined))
  }

  test('ends before the query', () => {
    assert.equal(rawPath(Buffer.from('/a;b//?c/..'), 0, 11), '/a;b//')
    assert.equal(rawPath(Buffer.from('/a;b'), 0, 4), '/a;b')
  })
})

describe('the reading by which contexts are chosen', () => {
  for (const [path, reading] of [
    ['/a;jsessionid=x/b', '/a/b'],
    ['/%61dmin', '/admin'],
    ['/a/%2e%2e/b', '/b'],
    ['/a/./b/.', '/a/b/'],
    ['/../../x', '/x'],
    ['/a/..', '/'],
    ['/..', '/'],
    ['/a/../..//b', '/b'],
    ['/a//../b', '/b'],
    ['/a%2fb', '/a%2fb'],
    ['/%252e%252e/a', '/%2e%2e/a'],
    ['/x/..;/admin', '/admin'],
    ['/x/;y/../admin', '/admin'],
    ['/%c3%a4', '/\u00e4'],
    ['/a%3bb', '/a;b'],
  ] as const) {
    test(`of ${path} is ${reading}`, () => {
      assert.equal(firstReading(path), reading)
      assert.equal(pathReadings(path)?.[0], reading)
    })
  }

  test('is the only one when all servers agree', () => {
    for (const path of ['/%c3%a4/b%20c', '/a%25b', '/a;jsessionid=x.n1', '/a/'])
      assert.equal(pathReadings(path)?.length, 1, path)
  })
})

describe('with the contexts /app and /shop/admin', () => {
  table(
    ['/app', '/shop/admin'],
    [
      ['//app', '/app'],
      ['/app//x', '/app'],
      ['/./app', '/app'],
      ['/../app', '/app'],
      ['/%61pp/x', '/app'],
      ['/app/%2e%2e/app/', '/app'],
      ['/app/x/../y', '/app'],
      ['/app/x%2fy', '/app'],
      ['/app/x%2f..%2fy', '/app'],
      ['/app;x=1', '/app'],
      ['/app;x=1/y', '/app'],
      ['/app/x;y=/../z', '/app'],
      ['/app/..%3b', 400],
      ['/..;/app', '/app'],
      ['//shop//admin', '/shop/admin'],
      ['/shop//admin', '/shop/admin'],
      ['/shop;v=1/admin', '/shop/admin'],
      ['/manager', undefined],
      ['/manager;app', undefined],
      ['//manager/./html', undefined],
      ['/app%2Fx', 400],
      ['/app%5cx', 400],
      ['/app/..', 400],
      ['/app/../manager/html', 400],
      ['/app//../manager/html', 400],
      ['/app///../manager/html', 400],
      ['/app/x/..;/..;/manager/html', 400],
      ['/app/x;/../../manager/html', 400],
      ['/app/;x/../manager/html', 400],
      ['/app/;/;/../../manager/html', 400],
      ['/app/.;/..;x=y/manager/html', 400],
      ['/app/..;a;b/manager/html', 400],
      ['/app/%2e%2e/manager/html', 400],
      ['/app/%2E./manager/html', 400],
      ['/app/.%2e;/manager/html', 400],
      ['/app/%2e%2e%2fmanager/html', 400],
      ['/app/..%2fmanager/html', 400],
      ['/app%2f..%2fmanager/html', 400],
      ['/app%2f../manager/html', 400],
      ['/app/..%5cmanager/html', 400],
      ['/app/x%5c..%5c..%5cmanager', 400],
      ['/app/..%3b/manager/html', 400],
      ['/app%3b/../manager/html', 400],
      ['/manager/../app', 400],
      ['/manager/..;/app', 400],
      ['/manager/%2e%2e/app', 400],
      ['/manager%2f..%2fapp', 400],
      ['/manager/..%2f/app', 400],
      ['/x//../app', 400],
      ['/shop/admin/x/../y', '/shop/admin'],
      ['/shop/x/../admin', 400],
      ['/other/../shop/admin', 400],
    ],
  )
})

describe('with the contexts /, /app and /app/admin', () => {
  table(
    ['/', '/app', '/app/admin'],
    [
      ['//x', '/'],
      ['/x/../y', '/'],
      ['/app/x//y', '/app'],
      ['/app;jsessionid=a.b', '/app'],
      ['/app/x;jsessionid=a.b', '/app'],
      ['//app', 400],
      ['/./app', 400],
      ['/%61pp', 400],
      ['/app;x', 400],
      ['/app;jsessionid=a/b', 400],
      ['/app//admin', 400],
      ['/app%2fadmin', 400],
      ['/app/%61dmin', 400],
      ['/app/x/../admin', 400],
      ['//app//admin', 400],
      ['/app//admin//..', 400],
      ['/app/admin/..;x', 400],
      ['/app;a=%5cb/admin%2fx', 400],
      ['/app;%2fapp/admin', 400],
      ['/app/admin/..', 400],
      ['/app/admin;x/y', 400],
      ['/app/admin/%61', '/app/admin'],
    ],
  )
})

test('a path with very many segments is accepted when it is plain, and refused otherwise', () => {
  const long = '/%20'.repeat(httpLimits.pathReadingWorkMax * 2)
  assert.equal(pathReadings(long)?.length, 1)
  assert.equal(pathReadings(`${long}/..`), undefined)
})

function table(
  contexts: readonly string[],
  cases: readonly (readonly [path: string, outcome: string | 400 | undefined])[],
): void {
  const known = new Map(contexts.map((path) => [path === '/' ? '' : path, { path }]))
  const find = (path: string): { path: string } | undefined => {
    for (let rest = path; rest !== ''; rest = rest.slice(0, rest.lastIndexOf('/'))) {
      const found = known.get(rest)
      if (found !== undefined) return found
    }
    return known.get('')
  }
  for (const [path, outcome] of cases) {
    test(`${path} leads to ${outcome ?? 'none'}`, () => {
      const found = agreed(pathReadings(path) as readonly string[], find)
      assert.equal(found === 'ambiguous' ? 400 : found?.path, outcome)
    })
  }
}
