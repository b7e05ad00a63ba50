import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withAddedFields } from '../../../../src/forward/parsed/added-fields.ts'

const head = Buffer.from('HTTP/1.1 200 OK\r\nVary: a\r\nContent-Length: 2\r\n\r\nok')

test('fields that the head lacks are added, and the body stays', () => {
  const added = withAddedFields(head, { 'x-a': '1', vary: 'b', 'set-cookie': ['a', 'b'] })
  assert.equal(
    Buffer.from(added).toString(),
    'HTTP/1.1 200 OK\r\nx-a: 1\r\nset-cookie: a\r\nset-cookie: b\r\nVary: a\r\nContent-Length: 2\r\n\r\nok',
  )
})

test('fields of the framing are never added, and nothing is copied without others', () => {
  const fields = { 'content-length': 7, 'transfer-encoding': 'chunked', connection: 'close' }
  assert.equal(withAddedFields(head, fields), head)
  assert.equal(withAddedFields(head, {}), head)
})
