import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { hasPassed, viaNames } from '../../../../src/wire/http/via.ts'

test('an entry names a proxy by its pseudonym, whatever protocol and comment stand beside it', () => {
  assert.equal(viaNames('1.1 ours', 'ours'), true)
  assert.equal(viaNames('HTTP/1.1\t ours (Topspin)', 'ours'), true)
  assert.equal(viaNames('1.0 first, 1.1 ours', 'ours'), true)
})

test('a pseudonym that contains ours, or stands elsewhere in the entry, is another', () => {
  for (const value of ['1.1 ours-too', '1.1 not-ours', 'ours', '1.1 a (ours)', 'ours 1.1', '']) {
    assert.equal(viaNames(value, 'ours'), false, value)
  }
})

test('all Via fields of a head are read', () => {
  const head = new RequestHead()
  const bytes = Buffer.from(
    'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 ours\r\nX: 1.1 third\r\nVia: 1.1 other\r\n\r\n',
  )
  assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  assert.equal(hasPassed(head.fields, 'ours'), true)
  assert.equal(hasPassed(head.fields, 'other'), true)
  assert.equal(hasPassed(head.fields, 'third'), false)
})
