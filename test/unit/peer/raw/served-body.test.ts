import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServedBody } from '../../../../src/peer/raw/served-body.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

function begin(text: string): { body: ServedBody; isOne: boolean } {
  const bytes = Buffer.from(text)
  const head = new RequestHead()
  const bodyFrom = head.parse(bytes, 0, bytes.length)
  assert.ok(bodyFrom > 0)
  const body = new ServedBody(new Out(256))
  return { body, isOne: body.begin(head, bytes, bodyFrom, bytes.length) }
}

function add(body: ServedBody, text: string): boolean {
  const bytes = Buffer.from(text)
  return body.add(bytes, 0, bytes.length)
}

test('a request without a body is complete at once, and nothing may follow it', () => {
  const alone = begin('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual([alone.isOne, alone.body.isComplete], [true, true])
  assert.equal(begin('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET').isOne, false)
})

test('a body with a length is complete after so many bytes', () => {
  const { body, isOne } = begin('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
  assert.deepEqual([isOne, body.isComplete], [true, false])
  assert.equal(add(body, 'cd'), true)
  assert.equal(add(body, 'eGET'), false, 'the next request is no part of it')
})

test('a chunked body is complete after its last chunk', () => {
  const { body, isOne } = begin(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
  )
  assert.deepEqual([isOne, body.isComplete], [true, false])
  assert.equal(add(body, '0\r\n\r\n'), true)
  assert.equal(body.isComplete, true)
})

test('an invalid chunk is no part of the body', () => {
  const { body } = begin('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  assert.equal(add(body, 'zz\r\n'), false)
})
