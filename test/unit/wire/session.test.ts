// Session ids in cookies and path parameters, and their removal.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  addCookieValues,
  cookieValue,
  pathParameters,
  routeOf,
  routesOf,
  withoutCookie,
  withoutPathParameter,
} from '../../../src/wire/session.ts'

const cookie = (field: string): string | undefined =>
  cookieValue(Buffer.from(`xx${field}yy`), 2, 2 + field.length, Buffer.from('SID'))

describe('session', () => {
  test('the route is what follows the first dot', () => {
    const routes = ['abc.n1', 'a.b.c', 'abc', 'abc.', '.n1', ''].map(routeOf)
    assert.deepEqual(routes, ['n1', 'b.c', undefined, undefined, 'n1', undefined])
  })

  test('routes that are ranked, or have dots, are tried from the left', () => {
    assert.deepEqual(routesOf('x'), [])
    assert.deepEqual(routesOf('x.n1'), ['n1'])
    assert.deepEqual(routesOf('x.n1.n2'), ['n1.n2', 'n1', 'n2'])
    assert.ok(routesOf('x.y.host.example').includes('host.example'))
    assert.ok(routesOf(`x${'.a'.repeat(4_000)}`).length < 20)
  })

  test('all cookies of exactly that name, after those of another line', () => {
    const all = (field: string, before?: string[]): string[] | undefined =>
      addCookieValues(Buffer.from(field), 0, field.length, Buffer.from('SID'), before)
    assert.deepEqual(all('SID=a; x=1;SID="b" ; SIDX=c; SID=', ['z']), ['z', 'a', 'b', ''])
    assert.equal(all('XSID=a'), undefined)
  })

  test('the first cookie of exactly that name, without quotes', () => {
    assert.equal(cookie('SID=a.n1'), 'a.n1')
    assert.equal(cookie('x=1; SID=a.n1; SID=b.n2'), 'a.n1')
    assert.equal(cookie('XSID=no;SIDX=no;\tSID="a.n1" '), 'a.n1')
    assert.equal(cookie('SID='), '')
    assert.equal(cookie('SID="'), '"')
    for (const none of ['', 'SID', 'sid=a', 'x=SID=a', 'SI', ';;', 'x="SID']) {
      assert.equal(cookie(none), undefined, none)
    }
  })

  test('the path parameter, never the query', () => {
    assert.deepEqual(pathParameters('/a;sid=x.n1/b;c', 'sid'), ['x.n1'])
    assert.deepEqual(pathParameters('/a;c=d;sid=x.n1?q', 'sid'), ['x.n1'])
    assert.deepEqual(pathParameters('/a?;sid=x.n1', 'sid'), [])
    assert.deepEqual(pathParameters('/a;xsid=x', 'sid'), [])
    assert.deepEqual(pathParameters('/a;sid=x/b;sid=y;c;sid=', 'sid'), ['x', 'y', ''])
  })

  test('a target and a Cookie without it', () => {
    assert.equal(withoutPathParameter('/a;sid=x.n1/b?;sid=x.n1', 'sid'), '/a/b?;sid=x.n1')
    assert.equal(withoutPathParameter('/a', 'sid'), '/a')
    assert.equal(withoutPathParameter('/a;sid=x/b;c;sid=y;d/e;sid=z', 'sid'), '/a/b;c;d/e')
    assert.equal(withoutCookie('a=1; SID=x;b=2; SID=y', 'SID'), 'a=1;b=2')
    assert.equal(withoutCookie('SID=x', 'SID'), '')
    assert.equal(withoutCookie('SIDX; sid=x', 'SID'), 'SIDX; sid=x')
  })
})
