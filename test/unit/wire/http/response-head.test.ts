// Response heads of nodes: strict parsing, and the framing of the body.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Out } from '../../../../src/wire/http/out.ts'
import { writeResponseHead } from '../../../../src/wire/http/outgoing-response.ts'
import { INCOMPLETE } from '../../../../src/wire/http/problem.ts'
import { ResponseHead } from '../../../../src/wire/http/response-head.ts'

function parse(...lines: string[]): { head: ResponseHead; result: number; length: number } {
  const head = new ResponseHead()
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return { head, result: head.parse(bytes, 0, bytes.length), length: bytes.length }
}

function good(...lines: string[]): ResponseHead {
  const { head, result, length } = parse(...lines)
  assert.equal(result, length, `not taken: ${lines}`)
  return head
}

describe('framing', () => {
  const length = ['HTTP/1.1 200 OK', 'Content-Length: 5']
  test('by length, chunked, or until the end of the connection', () => {
    assert.equal(good(...length).framing(false), 'length')
    assert.equal(good('HTTP/1.1 200 OK', 'Content-Length: 0').framing(false), 'none')
    assert.equal(good('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked').framing(false), 'chunked')
    assert.equal(good('HTTP/1.1 200 OK').framing(false), 'close')
  })

  test('none to HEAD, in 1xx, 204 and 304, whatever the fields say', () => {
    assert.equal(good(...length).framing(true), 'none')
    for (const status of [100, 103, 204, 304]) {
      assert.equal(good(`HTTP/1.1 ${status} X`, 'Content-Length: 5').framing(false), 'none')
      assert.equal(
        good(`HTTP/1.1 ${status} X`, 'Transfer-Encoding: chunked').framing(false),
        'none',
      )
    }
  })

  test('both: chunked applies and the connection is not reused', () => {
    const head = good('HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked')
    assert.deepEqual([head.framing(false), head.keepAlive], ['chunked', false])
  })

  test('a repeated equal length counts once, in lines of its own or in a list', () => {
    assert.equal(good(...length, 'Content-Length: 5').contentLength, 5)
    for (const list of ['5, 5', '5,5', '5 , 5\t,5']) {
      assert.equal(good('HTTP/1.1 200 OK', `Content-Length: ${list}`).contentLength, 5, list)
    }
    for (const list of ['5, 6', '5,', ',5', ',', '5, x', '5 5', '+5, +5']) {
      assert.ok(parse('HTTP/1.1 200 OK', `Content-Length: ${list}`).result < 0, list)
    }
  })
})

test('an empty reason phrase is accepted; white space before a colon is removed', () => {
  assert.equal(good('HTTP/1.1 200').status, 200)
  const head = good('HTTP/1.1 200 ', 'Server : x')
  assert.deepEqual([head.fields.name(0), head.fields.value(0)], ['server', 'x'])
})

test('a status above 599 is a final response, and a Connection member that is no token names no field', () => {
  for (const status of [600, 799, 999]) {
    assert.equal(good(`HTTP/1.1 ${status} Odd`, 'Content-Length: 5').framing(false), 'length')
  }
  assert.deepEqual(good('HTTP/1.1 200 OK', 'Connection: "x", a b, y').nominated, ['y'])
})

test('the problem of a response is described, with the name of the field', () => {
  const described = (...lines: string[]): string => {
    const { head, result } = parse(...lines)
    return head.describe(result)
  }
  const ok = 'HTTP/1.1 200 OK'
  assert.equal(described('HTTP/2 200 OK'), 'invalid status line')
  assert.equal(described('HTTP/1.1 200 OK\nA: b'), 'a line does not end with CR LF')
  assert.equal(described(ok, 'A: b\nC: d'), 'a line does not end with CR LF: a')
  assert.equal(described(ok, 'A: b', ' folded'), 'invalid field line')
  assert.equal(described(ok, 'X-Name: a\0b'), 'invalid field line: x-name')
  assert.equal(
    described(ok, `Content-Security-Policy: ${'a'.repeat(33_000)}`),
    'header field longer than headers.maxField: content-security-policy',
  )
  const many = Array.from({ length: 201 }, (_, i) => `X-${i}: b`)
  assert.equal(described(ok, ...many), 'more header fields than headers.maxCount: x-200')
  const long = Array.from({ length: 3 }, () => `X: ${'a'.repeat(30_000)}`)
  assert.equal(described(ok, ...long), 'header fields larger than headers.maxTotal')
  assert.equal(
    described(ok, 'Content-Length: 5', 'Content-Length: 6'),
    'invalid or conflicting Content-Length',
  )
  assert.equal(described(ok, `${'n'.repeat(200)}: \0`), `invalid field line: ${'n'.repeat(64)}`)
})

test('HTTP/1.0 closes by default', () => {
  assert.equal(good('HTTP/1.0 200 OK').keepAlive, false)
  assert.equal(good('HTTP/1.0 200 OK', 'Connection: keep-alive').keepAlive, true)
  assert.equal(good('HTTP/1.1 200 OK', 'Connection: close').keepAlive, false)
})

describe('refused', () => {
  for (const lines of [
    ['HTTP/2.0 200 OK'],
    ['HTTP/1.1  200 OK'],
    ['HTTP/1.1 20 OK'],
    ['HTTP/1.1 2000 OK'],
    ['HTTP/1.1 099 X'],
    ['ICY 200 OK'],
    ['HTTP/1.1 200 O\0K'],
    ['HTTP/1.1 200 OK', 'A: b', ' c'],
    ['HTTP/1.1 200 OK', 'A: b\rc'],
    ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6'],
    ['HTTP/1.1 200 OK', 'Content-Length: 5, 6'],
    ['HTTP/1.1 200 OK\nContent-Length: 5'],
    ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip'],
    ['HTTP/1.1 200 OK', 'Transfer-Encoding : chunked'],
    ['HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'],
    ['HTTP/1.1 200 OK', ...Array.from({ length: 201 }, () => 'A: b')],
  ]) {
    test(JSON.stringify(lines.slice(0, 3)), () => {
      assert.ok(parse(...lines).result < 0)
    })
  }
})

test('every prefix of a valid head is incomplete', () => {
  const bytes = Buffer.from('HTTP/1.1 404 Not Found\r\nServer : x\r\nContent-Length: 3\r\n\r\n')
  for (let end = 0; end < bytes.length; end++) {
    assert.equal(new ResponseHead().parse(bytes, 0, end), INCOMPLETE, `at ${end}`)
  }
})

test('fields named in Connection are not forwarded, known or not', () => {
  const head = good(
    'HTTP/1.1 204 No Content',
    'Connection: x-mine, Trailer',
    'X-Mine: 1',
    'Trailer: x-sum',
    'X-Other: 2',
  )
  const out = new Out(256)
  writeResponseHead({ head, chunked: false, connection: '' }, out)
  assert.equal(out.content.toString(), 'HTTP/1.1 204 No Content\r\nX-Other: 2\r\n\r\n')
})
