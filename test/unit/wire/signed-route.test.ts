// Routes that clients cannot forge.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRoute, signRoute } from '../../../src/wire/signed-route.ts'

const key = Buffer.from('a key')

test('a signed route is verified with its key among others', () => {
  for (const name of ['p1', '10.0.0.1:8080', 'a~b.c']) {
    const signed = signRoute(name, key)
    assert.match(signed, /~[\w-]{22}$/)
    assert.equal(openRoute(signed, [Buffer.from('newer'), key]), name)
    assert.equal(openRoute(signed, [Buffer.from('newer')]), undefined)
    assert.equal(openRoute(signed, []), undefined)
  }
})

test('anything else is refused', () => {
  const signed = signRoute('p1', key)
  for (const text of [
    'p1',
    '~',
    '',
    signed.slice(1),
    signed.slice(0, -1),
    `${signed}x`,
    `p2${signed.slice(2)}`,
    `p1~${'\u00e9'.repeat(22)}`,
  ]) {
    assert.equal(openRoute(text, [key]), undefined, text)
  }
})
