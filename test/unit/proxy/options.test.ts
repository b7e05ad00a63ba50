// Options of the front proxy that must be refused rather than misread.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProxy } from '../../../src/proxy/index.ts'

test('an invalid trusted network is refused, above all one with an empty prefix', () => {
  for (const entry of [
    '',
    'x',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    '10.0.0/8',
  ]) {
    assert.throws(() => createProxy({ listen: [], trust: [entry] }), RangeError, entry)
  }
  for (const entry of ['10.0.0.0/8', '::1', '2001:db8::/32', '127.0.0.1', '0.0.0.0/0']) {
    createProxy({ listen: [], trust: [entry] }).close()
  }
})
