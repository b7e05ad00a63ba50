// Requests on the control listener from bytes: framing, keep-alive, limits, and what ends a connection.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type FrameEvent, FrameReader } from '../../../../src/wire/mcmp/frame.ts'

const limits = { headBytesMax: 300, fieldsMax: 5, messageBytesMax: 20, chunkLineBytesMax: 30 }

function read(text: string): FrameEvent[] {
  const reader = new FrameReader(limits)
  reader.push(Buffer.from(text, 'latin1'))
  const events: FrameEvent[] = []
  for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event)
  return events
}

function one(text: string) {
  const [event, ...rest] = read(text)
  assert.deepEqual(rest, [])
  assert.equal(event?.kind, 'request', JSON.stringify(event))
  return (event as Extract<FrameEvent, { kind: 'request' }>).request
}

describe('one request', () => {
  test('method, target, version, fields and body arrive as sent', () => {
    const request = one(
      'ENABLE-APP //* HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a: 2\r\nContent-Length: 3\r\n\r\na=b',
    )
    assert.equal(request.method, 'ENABLE-APP')
    assert.equal(request.target, '//*')
    assert.equal(request.version, 'HTTP/1.1')
    assert.deepEqual(request.fields.get('x-a'), ['1', '2'])
    assert.equal(Buffer.from(request.body).toString(), 'a=b')
  })

  test('a chunked body is assembled; extensions and trailers are ignored', () => {
    const request = one(
      'STATUS / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n',
    )
    assert.equal(Buffer.from(request.body).toString(), 'abc')
  })

  test('keep-alive is the default of HTTP/1.1 and an option in HTTP/1.0', () => {
    assert.equal(one('PING / HTTP/1.1\r\n\r\n').keepAlive, true)
    assert.equal(one('PING / HTTP/1.1\r\nConnection: x, Close\r\n\r\n').keepAlive, false)
    assert.equal(one('PING / HTTP/1.0\r\n\r\n').keepAlive, false)
    assert.equal(one('PING / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n').keepAlive, true)
  })

  test('a missing Host, a star as target and an absolute target are accepted', () => {
    assert.equal(one('PING * HTTP/1.1\r\n\r\n').target, '*')
    assert.equal(one('\r\nPING http://h:1/* HTTP/1.0\r\n\r\n').target, 'http://h:1/*')
  })
})

describe('the host of a request', () => {
  test('is Host, or the authority of an absolute target, which must be the same', () => {
    assert.equal(one('GET /a HTTP/1.1\r\nHost: p.test:1\r\n\r\n').host, 'p.test:1')
    assert.equal(one('GET http://p.test:1/a HTTP/1.1\r\n\r\n').host, 'p.test:1')
    assert.equal(one('GET http://p.test/a HTTP/1.1\r\nHost: P.test\r\n\r\n').host, 'p.test')
    const zone = '[fe80::1%eth0]:6666'
    assert.equal(one(`PING / HTTP/1.1\r\nHost: ${zone}\r\n\r\n`).host, zone)
    assert.equal(one('PING / HTTP/1.1\r\n\r\n').host, '')
    for (const [target, host] of [
      ['http://evil.test/a', 'localhost'],
      ['http://localhost/a', 'evil.test'],
      ['http://localhost:1/a', 'localhost'],
      ['http://localhost@evil.test/', 'localhost'],
      ['http:///a', 'localhost'],
      ['/a', 'evil@localhost'],
      ['/a', 'evil.test/localhost'],
      ['/a', 'evil.test,localhost'],
      ['/a', 'a b'],
      ['/a', 'a#b'],
    ]) {
      const [event] = read(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      assert.deepEqual(
        event?.kind === 'problem' && [event.status, event.text],
        [400, 'bad Host'],
        `${target} ${host}`,
      )
    }
  })
})

describe('several requests', () => {
  test('in one piece are returned in order', () => {
    const kinds = read(
      'PING /a HTTP/1.1\r\n\r\nSTATUS /b HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET /c HTTP/1.1\r\n\r\n',
    )
    assert.deepEqual(
      kinds.map((event) => event.kind === 'request' && event.request.target),
      ['/a', '/b', '/c'],
    )
  })

  test('midway is true while a request is incomplete', () => {
    const reader = new FrameReader(limits)
    assert.equal(reader.midway, false)
    reader.push(Buffer.from('PING / HTTP/1.1\r\nContent-Length: 1\r\n\r\n'))
    assert.equal(reader.next(), undefined)
    assert.equal(reader.midway, true)
    reader.push(Buffer.from('x'))
    assert.equal(reader.next()?.kind, 'request')
    assert.equal(reader.midway, false)
  })
})

test('a client that expects 100 Continue gets it once', () => {
  const reader = new FrameReader(limits)
  reader.push(Buffer.from('STATUS / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n'))
  assert.deepEqual(reader.next(), { kind: 'continue' })
  assert.equal(reader.next(), undefined)
  reader.push(Buffer.from('ab'))
  assert.equal(reader.next()?.kind, 'request')
})

const bad: readonly [what: string, text: string, status: number][] = [
  [
    'two lengths that differ',
    'PING / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    400,
  ],
  ['a length list', 'PING / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\na', 400],
  ['a signed length', 'PING / HTTP/1.1\r\nContent-Length: +1\r\n\r\na', 400],
  [
    'length and chunked',
    'PING / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['an unknown encoding', 'PING / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 400],
  ['chunked in HTTP/1.0', 'PING / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['a bad chunk size', 'PING / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1x\r\na\r\n', 400],
  [
    'a chunk longer than it says',
    'PING / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
    400,
  ],
  [
    'an endless chunk line',
    `PING / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(40)}`,
    400,
  ],
  [
    'endless trailers',
    `PING / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(20)}`,
    400,
  ],
  ['a folded field', 'PING / HTTP/1.1\r\nA: 1\r\n b\r\n\r\n', 400],
  ['a space before the colon', 'PING / HTTP/1.1\r\nA : 1\r\n\r\n', 400],
  ['a control byte in a value', 'PING / HTTP/1.1\r\nA: \u0001\r\n\r\n', 400],
  ['a bare line feed', 'PING / HTTP/1.1\nA: 1\r\n\r\n', 400],
  ['two hosts', 'PING / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['no request line', 'hello\r\n\r\n', 400],
  ['HTTP/2', 'PING / HTTP/2.0\r\n\r\n', 505],
  ['too many fields', `PING / HTTP/1.1\r\n${'A: 1\r\n'.repeat(6)}\r\n`, 431],
  ['an endless head', `PING / HTTP/1.1\r\nA: ${'x'.repeat(400)}`, 431],
  ['a body beyond the limit', 'CONFIG / HTTP/1.1\r\nContent-Length: 21\r\n\r\n', 413],
  [
    'chunks beyond the limit',
    'CONFIG / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n0123456789abcde\r\n9\r\n',
    413,
  ],
]
describe('what ends a connection', () => {
  for (const [what, text, status] of bad) {
    test(`${what} is ${status}, and nothing follows`, () => {
      const events = read(`${text}PING / HTTP/1.1\r\n\r\n`)
      assert.equal(events.length, 1)
      assert.equal(events[0]?.kind === 'problem' && events[0].status, status)
    })
  }
})
