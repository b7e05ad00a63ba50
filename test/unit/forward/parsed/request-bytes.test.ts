import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import {
  bodyLength,
  fieldOf,
  headText,
  withoutMark,
} from '../../../../src/forward/parsed/request-bytes.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

function incoming(...rawHeaders: string[]): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  message.method = 'POST'
  message.url = '/a?b'
  message.httpVersionMinor = 1
  message.rawHeaders = rawHeaders
  return message
}

test('the head is valid for our parser, with every field but ours and Expect', () => {
  const message = incoming(
    ...['Host', 'a.test', 'Content-Length', '3', 'X-Two', 'one', 'X-Two', 'zw\u00f6lf'],
    ...['Expect', '100-continue', 'Upgrade', 'x', 'Topspin-Handed-Over', 'forged'],
  )
  const text = headText(message, {
    mark: 'mark',
    closes: true,
    keepsExpect: false,
    isUpgrade: false,
  })
  assert.equal(
    text,
    'POST /a?b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nX-Two: one\r\nX-Two: zw\u00f6lf\r\nConnection: close\r\nTopspin-Handed-Over: mark\r\n\r\n',
  )
  const bytes = Buffer.from(text, 'latin1')
  assert.equal(new RequestHead().parse(bytes, 0, bytes.length), bytes.length)
  assert.match(
    headText(message, { mark: undefined, closes: false, keepsExpect: true, isUpgrade: true }),
    /Expect: 100-continue\r\nUpgrade: x\r\n\r\n$/,
  )
})

test('the framing fields give the length of a body', () => {
  assert.equal(bodyLength(incoming('content-LENGTH', '12')), 12)
  assert.equal(bodyLength(incoming('Transfer-Encoding', 'chunked')), -1)
  assert.equal(bodyLength(incoming('Host', 'a')), 0)
})

test('a mark is found in any case of letters and removed everywhere', () => {
  const message = incoming(
    'Host',
    'a',
    'topspin-HANDED-over',
    'one',
    'X',
    'y',
    'Topspin-Handed-Over',
    'two',
  )
  // Node.js sets this when it parses; its `headers` read as many fields as it says.
  Object.getOwnPropertySymbols(message).forEach((symbol) => {
    if (symbol.description === 'kHeadersCount') Object.assign(message, { [symbol]: 8 })
  })
  assert.equal(fieldOf(message, 'topspin-handed-over'), 'one')
  withoutMark(message)
  assert.deepEqual(message.rawHeaders, ['Host', 'a', 'X', 'y'])
  assert.equal(message.headers['topspin-handed-over'], undefined)
  assert.equal(message.headersDistinct['topspin-handed-over'], undefined)
})
