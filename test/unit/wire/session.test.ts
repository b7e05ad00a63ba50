// Session ids in cookies and path parameters, and how they are left out.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  cookieValue,
  pathParameter,
  routeOf,
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

  test('the first cookie of that very name, quotes left out', () => {
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
    assert.equal(pathParameter('/a;sid=x.n1/b;c', 'sid'), 'x.n1')
    assert.equal(pathParameter('/a;c=d;sid=x.n1?q', 'sid'), 'x.n1')
    assert.equal(pathParameter('/a?;sid=x.n1', 'sid'), undefined)
    assert.equal(pathParameter('/a;xsid=x', 'sid'), undefined)
  })

  test('a target and a Cookie without it', () => {
    assert.equal(withoutPathParameter('/a;sid=x.n1/b?;sid=x.n1', 'sid'), '/a/b?;sid=x.n1')
    assert.equal(withoutPathParameter('/a', 'sid'), '/a')
    assert.equal(withoutCookie('a=1; SID=x;b=2; SID=y', 'SID'), 'a=1; b=2')
    assert.equal(withoutCookie('SID=x', 'SID'), '')
    assert.equal(withoutCookie('SIDX; sid=x', 'SID'), 'SIDX; sid=x')
  })
})
