// Which methods may be sent twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isIdempotent } from '../../../../src/wire/http/method.ts'

test('GET, HEAD, OPTIONS, PUT and DELETE may be sent again, no other method', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
    assert.equal(isIdempotent(method), true, method)
  }
  for (const method of ['POST', 'PATCH', 'CONNECT', 'get', 'PROPFIND', '']) {
    assert.equal(isIdempotent(method), false, method)
  }
})
