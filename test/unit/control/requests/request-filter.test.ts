import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFollowed, statusFilterForm } from '../../../../src/control/requests/request-filter.ts'
import { accessEntry } from '../../../support/access-entry.ts'

test('a request is followed when all that the filter names fits', () => {
  const entry = accessEntry({
    status: 502,
    target: '/shop/cart?x',
    route: 'a',
    client: '192.0.2.7',
    durationMs: 500,
    attempts: 2,
  })
  for (const filter of [
    {},
    { status: '502' },
    { status: '5xx' },
    { path: '/shop' },
    { node: 'a' },
    { status: '5xx', path: '/shop/', node: 'a' },
    { client: '192.0.2.7' },
    { slowerThan: 500 },
    { retried: 'yes' },
  ] as const)
    assert.ok(isFollowed(filter, entry), JSON.stringify(filter))
  for (const filter of [
    { status: '50' },
    { status: '4xx' },
    { path: '/cart' },
    { node: 'b' },
    { status: '5xx', node: 'b' },
    { client: '192.0.2.70' },
    { slowerThan: 501 },
  ] as const)
    assert.ok(!isFollowed(filter, entry), JSON.stringify(filter))
  assert.ok(isFollowed({ status: '0' }, accessEntry({ status: 0 })))
  assert.ok(!isFollowed({ retried: 'yes' }, accessEntry({ attempts: 1 })))
})

test('a status is three digits, a class, or 0', () => {
  for (const text of ['0', '200', '5xx', '599']) assert.match(text, statusFilterForm)
  for (const text of ['', '00', '6xx', 'xxx', '20', '2000', '5XX']) {
    assert.doesNotMatch(text, statusFilterForm)
  }
})
