// The request body in packets of the requested size.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BodyPackets } from '../../../../src/wire/ajp/body-packets.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

function bodyOf(framing: string, size = 8_192): BodyPackets {
  const bytes = Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
  const head = new RequestHead()
  assert.ok(head.parse(bytes, 0, bytes.length) > 0)
  const body = new BodyPackets(size)
  body.begin(head)
  return body
}

function sent(body: BodyPackets): string {
  const out = new Out(64)
  body.write(out)
  return out.content.toString('latin1')
}

const piece = (data: string): string => {
  const head = Buffer.from([0x12, 0x34, 0, 0, 0, 0])
  head.writeUInt16BE(data.length + 2, 2)
  head.writeUInt16BE(data.length, 4)
  return head.toString('latin1') + data
}
const add = (body: BodyPackets, bytes: string): void =>
  body.add(Buffer.from(bytes), 0, bytes.length)

describe('a body of known length', () => {
  test('starts without being asked for, continues when asked, and ends with an empty packet', () => {
    const body = bodyOf('Content-Length: 10')
    assert.equal(sent(body), '')
    assert.equal(body.isAwaited, true)
    add(body, '01234')
    assert.equal(sent(body), piece('01234'))
    add(body, '56789')
    assert.equal(sent(body), '')
    assert.equal(body.pending, 5)
    assert.equal(body.ask(3), true)
    assert.equal(sent(body), piece('567'))
    body.ask(8_186)
    assert.equal(sent(body), piece('89'))
    assert.deepEqual([body.pending, body.isAwaited], [0, false])
    body.ask(8_186)
    assert.equal(sent(body), '\x12\x34\0\x02\0\0')
  })

  test('fills a packet and no more', () => {
    const body = bodyOf('Content-Length: 5000', 1_024)
    add(body, 'x'.repeat(700))
    add(body, 'y'.repeat(4_300))
    assert.equal(sent(body), piece('x'.repeat(700) + 'y'.repeat(318)))
    body.ask(60_000)
    assert.equal(sent(body), piece('y'.repeat(1_018)))
  })

  test('sends as much as fits when asked for 0 bytes', () => {
    const body = bodyOf('Content-Length: 4')
    add(body, 'ab')
    sent(body)
    add(body, 'cd')
    body.ask(0)
    assert.equal(sent(body), piece('cd'))
  })
})

describe('a body in chunks', () => {
  test('is sent when asked for, without framing and trailers', () => {
    const body = bodyOf('Transfer-Encoding: chunked')
    for (const byte of '3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n') add(body, byte)
    assert.equal(sent(body), '')
    body.ask(8_186)
    assert.equal(sent(body), piece('abcde'))
    body.ask(8_186)
    assert.equal(sent(body), piece(''))
  })

  test('does not end early', () => {
    const body = bodyOf('Transfer-Encoding: chunked')
    body.ask(8_186)
    assert.equal(sent(body), '')
    assert.equal(body.isAwaited, true)
    add(body, '0\r\n\r\n')
    assert.equal(sent(body), piece(''))
  })

  test('that is not canonical throws, since it is our own output', () => {
    const body = bodyOf('Transfer-Encoding: chunked')
    assert.throws(() => add(body, 'zz\r\n'), RangeError)
    assert.throws(() => add(bodyOf('Content-Length: 2'), 'abc'), RangeError)
  })
})

test('without a body an empty packet is the reply to GET_BODY_CHUNK', () => {
  const body = bodyOf('X-None: 1')
  assert.equal(sent(body), '')
  body.ask(8_186)
  assert.equal(sent(body), piece(''))
})

test('too many requests for the body are refused', () => {
  const body = bodyOf('X-None: 1')
  let asked = 0
  while (body.ask(8_186)) {
    sent(body)
    assert.ok(++asked < 100)
  }
  assert.equal(asked, 16)
  const flood = bodyOf('Transfer-Encoding: chunked')
  for (asked = 0; flood.ask(8_186); asked++) assert.ok(asked < 100)
  assert.equal(asked, 16)
})

test('pending data is dropped after the response, and the next body starts from the beginning', () => {
  const body = bodyOf('Content-Length: 4')
  add(body, 'ab')
  body.drop()
  assert.equal(body.pending, 0)
  assert.equal(sent(body), '')
})
