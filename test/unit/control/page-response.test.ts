import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonResponse, textResponse, writeResponse } from '../../../src/control/page-response.ts'

const written = (...args: Parameters<typeof writeResponse>): string =>
  Buffer.from(writeResponse(...args)).toString()

test('a response has its length in bytes, no caching, and its own fields', () => {
  assert.equal(
    written(textResponse(303, 'é', { Location: '/x' }), true, false),
    [
      'HTTP/1.1 303 See Other',
      'Content-Type: text/plain; charset=utf-8',
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      'Location: /x',
      'Connection: Keep-Alive',
      'Content-Length: 3',
      '',
      'é\n',
    ].join('\r\n'),
  )
})

test('the response to HEAD has the length of the body, but no body', () => {
  const text = written(jsonResponse({ a: 1 }), false, true)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/json\r\n/)
  assert.match(text, /\r\nConnection: close\r\nContent-Length: 8\r\n\r\n$/)
})
