// Fields of responses as the head of an HTTP/1.1 message, and what is no response.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Out } from '../../../../src/wire/http/out.ts'
import { ResponseHead } from '../../../../src/wire/http/response-head.ts'
import { FieldDecoder } from '../../../../src/wire/http2/field-decoder.ts'
import { ResponseText } from '../../../../src/wire/http2/response-text.ts'
import { block } from '../../../support/http2-frames.ts'

interface Given {
  readonly isLast?: boolean
  readonly toHead?: boolean
  readonly accept?: string
}

function textOf(fields: readonly (readonly [string, string])[], given: Given = {}) {
  const out = new Out(64)
  const response = new ResponseText()
  const bytes = block(...fields)
  response.begin(out, given.accept)
  new FieldDecoder().decode(bytes, 0, bytes.length, response)
  const body = response.end(given.isLast === true, given.toHead === true)
  if (response.problem !== '') return response.problem
  const text = out.content.toString('latin1')
  const head = new ResponseHead()
  assert.equal(head.parse(out.bytes, 0, out.length), out.length, text)
  return { body, lines: text.split('\r\n').slice(0, -2) }
}

const ok = [':status', '200'] as const

test('a body without a length ends with the stream', () => {
  assert.deepEqual(textOf([ok, ['x-a', 'b']]), {
    body: 'stream',
    lines: ['HTTP/1.1 200 OK', 'x-a: b'],
  })
  assert.deepEqual(textOf([ok, ['content-length', '5']]), {
    body: 'length',
    lines: ['HTTP/1.1 200 OK', 'content-length: 5'],
  })
})

test('a response of gRPC ends with the stream, because trailers follow', () => {
  assert.deepEqual(
    textOf([ok, ['content-type', 'application/grpc+proto'], ['content-length', '5']]),
    {
      body: 'stream',
      lines: ['HTTP/1.1 200 OK', 'content-type: application/grpc+proto'],
    },
  )
})

test('a head that ends the stream has no body', () => {
  assert.deepEqual(textOf([ok], { isLast: true }), {
    body: 'none',
    lines: ['HTTP/1.1 200 OK', 'Content-Length: 0'],
  })
  for (const [status, line] of [
    ['204', 'HTTP/1.1 204 No Content'],
    ['304', 'HTTP/1.1 304 Not Modified'],
  ] as const)
    assert.deepEqual(textOf([[':status', status]], { isLast: true }), {
      body: 'none',
      lines: [line],
    })
  const toHead = textOf([ok, ['content-length', '9']], { isLast: true, toHead: true })
  assert.deepEqual(toHead, { body: 'none', lines: ['HTTP/1.1 200 OK', 'content-length: 9'] })
})

test('an interim response has no framing', () => {
  assert.deepEqual(
    textOf([
      [':status', '103'],
      ['link', '</a>'],
    ]),
    {
      body: 'none',
      lines: ['HTTP/1.1 103 Early Hints', 'link: </a>'],
    },
  )
})

test('what HTTP/2 does not allow is no response', () => {
  const invalid: [readonly (readonly [string, string])[], Given, RegExp][] = [
    [[['x-a', 'b']], {}, /no :status/],
    [[['x-a', 'b'], ok], {}, /misplaced/],
    [[ok, ok], {}, /misplaced/],
    [[[':status', '20']], {}, /invalid :status/],
    [[[':status', '2x0']], {}, /invalid :status/],
    [[[':status', '099']], {}, /invalid :status/],
    [[[':status', '101']], {}, /101/],
    [[[':status', '103']], { isLast: true }, /interim/],
    [[ok, ['content-length', '5']], { isLast: true }, /shorter/],
    [[ok, ['content-length', '5'], ['content-length', '5']], {}, /content-length/],
    [[ok, ['content-length', '+5']], {}, /content-length/],
    [[ok, [':path', '/']], {}, /does not allow/],
    [[ok, ['connection', 'close']], {}, /does not allow/],
    [[ok, ['transfer-encoding', 'chunked']], {}, /does not allow/],
    [[ok, ['X-Upper', 'a']], {}, /does not allow/],
    [[ok, ['x', 'a\r\nb: c']], {}, /does not allow/],
  ]
  for (const [fields, given, problem] of invalid) {
    const text = textOf(fields, given)
    assert.ok(typeof text === 'string', JSON.stringify(fields))
    assert.match(text, problem)
  }
})

test('a 2xx to an extended CONNECT is a 101 with the key of its client accepted, anything else is not', () => {
  const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
  const fields = [ok, ['content-length', '5'], ['sec-websocket-accept', 'x'], ['x-a', 'b']] as const
  assert.deepEqual(textOf(fields, { accept }), {
    body: 'stream',
    lines: [
      'HTTP/1.1 101 Switching Protocols',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Accept: ${accept}`,
      'x-a: b',
    ],
  })
  assert.deepEqual(textOf([[':status', '403']], { accept }), {
    body: 'stream',
    lines: ['HTTP/1.1 403 Forbidden'],
  })
  assert.deepEqual(textOf([ok], { accept, isLast: true }), {
    body: 'none',
    lines: ['HTTP/1.1 200 OK', 'Content-Length: 0'],
  })
})
