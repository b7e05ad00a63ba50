// Requests over HTTP/2 as text of HTTP/1.1: what is written, and everything that must not be.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Out } from '../../../../src/wire/http/out.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { FieldDecoder } from '../../../../src/wire/http2/field-decoder.ts'
import { type RequestProblem, RequestText } from '../../../../src/wire/http2/request-text.ts'
import { block } from '../../../support/http2-frames.ts'

type Field = readonly [string, string]

const get: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'shop.test'],
  [':path', '/a?b=c'],
]

/** Writes the head of one request. */
function write(fields: readonly Field[], hasBody = false): string | RequestProblem {
  const text = new RequestText(new Out(64))
  // What was written before is left alone.
  text.out.latin1('before')
  text.begin()
  const bytes = block(...fields)
  assert.equal(new FieldDecoder().decode(bytes, 0, bytes.length, text), 'whole')
  const problem = text.end(hasBody)
  const { content } = text.out
  assert.equal(content.toString('latin1', 0, 6), 'before')
  if (problem !== undefined) {
    assert.equal(content.length, 6)
    return problem
  }
  const head = new RequestHead()
  const isParsed = head.parse(content, 6, content.length) === content.length
  return isParsed ? content.toString('latin1', 6) : 'refused by the parser'
}

const without = (name: string): Field[] => get.filter(([other]) => other !== name)
const replaced = (name: string, value: string): Field[] =>
  get.map(([other, old]) => [other, other === name ? value : old])

test('the request line, Host and the fields in their order', () => {
  assert.equal(
    write([...get, ['x-b', '2'], ['accept', '*/*'], ['x-b', '']]),
    'GET /a?b=c HTTP/1.1\r\nx-b: 2\r\naccept: */*\r\nx-b: \r\nHost: shop.test\r\n\r\n',
  )
})

test('a request without a body has a length where its method expects one', () => {
  for (const method of ['POST', 'PUT', 'PATCH']) {
    const text = write(replaced(':method', method))
    assert.ok(text.endsWith('\r\nHost: shop.test\r\nContent-Length: 0\r\n\r\n'), text)
    const told = write([...replaced(':method', method), ['content-length', '0']])
    assert.equal(told.match(/content-length/gi)?.length, 1)
  }
  assert.doesNotMatch(write(replaced(':method', 'DELETE')), /content-length/i)
})

test('crumbs of cookies become one field, in order and without empty ones', () => {
  const text = write([
    ...get,
    ['cookie', 'a=1'],
    ['x', 'y'],
    ['cookie', ''],
    ['cookie', 'b=2; c=3'],
  ])
  assert.match(text, /\r\nx: y\r\nHost: shop\.test\r\nCookie: a=1; b=2; c=3\r\n\r\n$/)
})

test('a body without a length is sent in chunks', () => {
  assert.match(write(get, true), /\r\nTransfer-Encoding: chunked\r\n\r\n$/)
  assert.doesNotMatch(write([...get, ['content-length', '5']], true), /chunked/)
  assert.doesNotMatch(write(get), /chunked|content-length/)
})

test('Host comes from `host` where there is no `:authority`, and both must be the same', () => {
  assert.match(
    write([...without(':authority'), ['host', 'other.test']]),
    /\r\nHost: other\.test\r\n/,
  )
  assert.match(write([...get, ['host', 'SHOP.test']]), /\r\nHost: shop\.test\r\n\r\n$/)
  for (const fields of [
    [...get, ['host', 'other.test']],
    [...get, ['host', '']],
    [...without(':authority'), ['host', 'a.test'], ['host', 'a.test']],
    [...without(':authority'), ['host', '']],
    [...without(':authority'), ['host', 'a.test/b']],
    without(':authority'),
  ] as Field[][])
    assert.equal(write(fields), 'malformed', JSON.stringify(fields))
})

test('pseudo-header fields: each once, known, in lower case, and before all others', () => {
  for (const fields of [
    without(':method'),
    without(':scheme'),
    without(':path'),
    [...get, [':path', '/b']],
    [...get, [':status', '200']],
    [...get, [':Path', '/b']],
    [...get, [':unknown', 'a']],
    [...get, [':', 'a']],
    [...get, [':protocol', 'websocket']],
    [...without(':path'), ['x', 'y'], [':path', '/b']],
    [...without(':path'), ['te', 'trailers'], [':path', '/b']],
    [...without(':path'), ['cookie', 'a=b'], [':path', '/b']],
  ] as Field[][])
    assert.equal(write(fields), 'malformed', JSON.stringify(fields))
})

test('values of pseudo-header fields that HTTP/1.1 would read differently', () => {
  for (const [name, values] of [
    [':method', ['', 'G T', 'GET ', 'GET\t', 'GE(T', 'GET / HTTP/1.1\r\nx:']],
    [':scheme', ['', 'ftp', 'http:', 'https://', ' https']],
    [
      ':path',
      ['', 'a', 'http://other.test/', '*', '/a b', '/a\tb', '/a\u0000', '/gr\u00fcn', '/a\u007f'],
    ],
    [
      ':authority',
      [
        '',
        'a b',
        ' a',
        'a ',
        'user@a',
        'a/b',
        'http://a',
        'a:b',
        'a:123456',
        'a,b',
        '[::1',
        'a\r\nx',
      ],
    ],
  ] as const)
    for (const value of values) {
      const text = write(replaced(name, value))
      assert.ok(
        text === 'malformed' || text === 'refused by the parser',
        `${name} ${value}: ${text}`,
      )
    }
  assert.equal(write(replaced(':path', '/a#b')), 'refused by the parser')
  assert.match(write(replaced(':scheme', 'HTTP')), /^GET /)
})

test('names and values that are not allowed over HTTP/2', () => {
  for (const field of [
    ['', 'a'],
    ['Upper', 'a'],
    ['a b', 'c'],
    ['a:b', 'c'],
    ['a\r\nb', 'c'],
    ['gr\u00fcn', 'a'],
    ['connection', 'close'],
    ['keep-alive', 'timeout=5'],
    ['proxy-connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['upgrade', 'h2c'],
    ['te', 'gzip'],
    ['te', 'trailers, deflate'],
    ['te', 'Trailers'],
    ['http2-settings', 'AAMAAABkAAQAAP__'],
    ["content-length'", '1'],
    ['content_length', '1'],
    ['transfer_encoding', 'chunked'],
    ['content-length', '+1'],
    ['content-length', ''],
    ['content-length', '1,1'],
    ['content-length', '99999999999999999999'],
    ['x', ' a'],
    ['x', 'a\t'],
    ['x', 'a\u0000b'],
    ['x', 'a\rb'],
    ['x', 'a\nb'],
    ['x', 'a\u0001b'],
    ['x', 'a\u007fb'],
  ] as Field[])
    assert.equal(write([...get, field], true), 'malformed', JSON.stringify(field))
  assert.equal(write([...get, ['content-length', '1'], ['content-length', '1']], true), 'malformed')
  assert.match(
    write([...get, ['te', 'trailers'], ['x', 'gr\u00fcn']]),
    /HTTP\/1\.1\r\nx: gr\u00fcn\r\n/,
  )
})

test('a length without a body is refused, unless it is 0', () => {
  assert.equal(write([...get, ['content-length', '1']]), 'malformed')
  assert.match(write([...get, ['content-length', '0']]), /content-length: 0\r\n/)
})

test('CONNECT is a WebSocket or nothing', () => {
  const connect: Field[] = [...replaced(':method', 'CONNECT'), ['sec-websocket-version', '13']]
  const websocket: Field[] = [[':protocol', 'websocket'], ...connect]
  assert.match(
    write(websocket, true),
    /^GET \/a\?b=c HTTP\/1\.1\r\nsec-websocket-version: 13\r\nHost: shop\.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: [\w+/]{22}==\r\n\r\n$/,
  )
  assert.equal(write(connect), 'method')
  assert.equal(
    write([
      [':method', 'CONNECT'],
      [':authority', 'a.test:80'],
    ]),
    'method',
  )
  for (const protocol of ['h2c', 'h2', 'connect-udp', ''])
    assert.equal(write([[':protocol', protocol], ...connect], true), 'protocol', protocol)
  assert.equal(write([...websocket, ['content-length', '1']], true), 'malformed')
})
