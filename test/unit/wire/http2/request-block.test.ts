// Heads of requests as field blocks for nodes, read back by the decoder.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Out } from '../../../../src/wire/http/out.ts'
import { FieldDecoder } from '../../../../src/wire/http2/field-decoder.ts'
import { RequestBlock } from '../../../../src/wire/http2/request-block.ts'

function blockOf(
  head: string,
  given: { isSecure?: boolean; te?: boolean; isWebSocket?: boolean } = {},
) {
  const bytes = Buffer.from(`${head}\r\n\r\nrest`, 'latin1')
  const out = new Out(16)
  const { isSecure = false, te: acceptsTrailers = false, isWebSocket = false } = given
  const request = new RequestBlock()
  const bodyFrom = request.write(bytes, { isSecure, acceptsTrailers, isWebSocket }, out)
  const lines: string[] = []
  const decoder = new FieldDecoder()
  const decoded = decoder.decode(out.bytes, 0, out.length, {
    field: (line) => lines.push(line.bytes.toString('latin1', 0, line.valueTo)),
  })
  assert.equal(decoded, 'whole')
  assert.equal(decoder.tableBytes, 0)
  return { lines, rest: bytes.toString('latin1', bodyFrom), length: request.contentLength }
}

test('pseudo-header fields come first, and names are in lower case', () => {
  const { lines, rest, length } = blockOf(
    'GET / HTTP/1.1\r\nHost: shop.test:8080\r\nX-One: a b\r\nAccept: */*',
  )
  assert.deepEqual(lines, [
    ':method: GET',
    ':scheme: http',
    ':authority: shop.test:8080',
    ':path: /',
    'x-one: a b',
    'accept: */*',
  ])
  assert.equal(rest, 'rest')
  assert.equal(length, 0)
})

test('other methods, paths and the scheme of TLS are written out', () => {
  const { lines } = blockOf('OPTIONS * HTTP/1.1\r\nHost: a', { isSecure: true })
  assert.deepEqual(lines, [':method: OPTIONS', ':scheme: https', ':authority: a', ':path: *'])
  const post = blockOf('POST /a?b=/c HTTP/1.1\r\nHost: a')
  assert.deepEqual(post.lines.slice(0, 4), [
    ':method: POST',
    ':scheme: http',
    ':authority: a',
    ':path: /a?b=/c',
  ])
})

test('the framing of HTTP/1.1 becomes a fact, and fields of the connection are left out', () => {
  const chunked = blockOf('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked')
  assert.equal(chunked.length, -1)
  assert.equal(chunked.lines.length, 4)
  const sized = blockOf(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: Upgrade\r\nUpgrade: x\r\nKeep-Alive: 1',
  )
  assert.equal(sized.length, 4)
  assert.deepEqual(sized.lines.slice(4), ['content-length: 4'])
})

test('te is there when the client accepts trailers', () => {
  assert.deepEqual(blockOf('GET / HTTP/1.1\r\nHost: a', { te: true }).lines.slice(4), [
    'te: trailers',
  ])
})

test('a WebSocket is an extended CONNECT without its key', () => {
  const head =
    'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13'
  assert.deepEqual(blockOf(head, { isWebSocket: true }).lines, [
    ':method: CONNECT',
    ':protocol: websocket',
    ':scheme: http',
    ':authority: a',
    ':path: /chat',
    'sec-websocket-version: 13',
  ])
})
