// Options of the front proxy that must be refused rather than misread.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopspinError } from '../../../src/base/errors.ts'
import { createProxy, type ProxyOptions } from '../../../src/proxy/index.ts'

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

test('unknown options and values of another type are refused, with what would be right', () => {
  const problemOf = (options: object): string => {
    try {
      createProxy(options as ProxyOptions).close()
    } catch (error) {
      assert.ok(error instanceof TopspinError)
      assert.equal(error.code, 'BAD_OPTION')
      return error.message
    }
    return ''
  }
  const listen = [{ host: '127.0.0.1', port: 0 }]
  assert.equal(problemOf({ listen }), '')
  assert.equal(problemOf({ listen, timeouts: { idleMs: 5 }, useAlias: undefined }), '')
  assert.match(
    problemOf({ listen, usealias: true }),
    /usealias is not an option; did you mean useAlias\?/,
  )
  assert.match(
    problemOf({ listen, timeouts: { idlMs: 5 } }),
    /timeouts\.idlMs is not.*timeouts\.idleMs\?/,
  )
  assert.match(problemOf({ listen, noContextStatus: '503' }), /noContextStatus: write a number/)
  assert.match(problemOf({ listen: [{ hots: 'x', port: 0 }] }), /listen\[0\]\.hots is not.*host\?/)
  assert.match(problemOf({ listn: listen }), /listn is not an option; did you mean listen\?/)
  assert.match(problemOf({ listen: '127.0.0.1:0' }), /listen: write a list/)
  assert.match(problemOf({ listen, trust: '::1' }), /trust: write a list/)
  assert.match(problemOf({}), /listen is missing/)
})
