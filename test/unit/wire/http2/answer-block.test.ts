// Heads and trailers of answers as field blocks, read back by the decoder.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fields } from '../../../../src/wire/http/fields.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import { ResponseHead } from '../../../../src/wire/http/response-head.ts'
import { writeAnswerBlock, writeTrailerBlock } from '../../../../src/wire/http2/answer-block.ts'
import { FieldDecoder } from '../../../../src/wire/http2/field-decoder.ts'

function linesOf(block: Out): string[] {
  const lines: string[] = []
  const decoder = new FieldDecoder()
  const result = decoder.decode(block.bytes, 0, block.length, {
    field: ({ bytes, valueTo }) => lines.push(bytes.toString('latin1', 0, valueTo)),
  })
  assert.equal(result, 'whole')
  assert.equal(decoder.tableBytes, 0)
  return lines
}

interface Given {
  readonly date?: string
  readonly added?: string
  readonly isTunnel?: boolean
}

function answer(text: string, { date, added, isTunnel = false }: Given = {}): string[] {
  const bytes = Buffer.from(`${text}\r\n\r\n`, 'latin1')
  const head = new ResponseHead()
  assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  const out = new Out(16)
  const lines = (given: string | undefined) => (given === undefined ? given : Buffer.from(given))
  writeAnswerBlock(head, lines(date), lines(added), isTunnel, out)
  return linesOf(out)
}

test('status and fields, with names in lower case and without those of the connection', () => {
  assert.deepEqual(
    answer(
      'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: 1\r\nConnection: close, X-Hop\r\nX-Hop: 2\r\n' +
        'Keep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\nUpgrade: h2c\r\nProxy-Connection: close\r\nx-a: 3',
    ),
    [':status: 200', 'content-type: text/plain', 'x-a: 1', 'x-a: 3'],
  )
})

test('every status has three digits', () => {
  for (const status of [100, 103, 200, 204, 206, 304, 400, 404, 418, 500, 599, 999])
    assert.equal(answer(`HTTP/1.1 ${status} Any`)[0], `:status: ${status}`)
})

test('a length is kept where it is allowed, once', () => {
  const length = (line: string): string[] => answer(line).slice(1)
  assert.deepEqual(length('HTTP/1.1 200 OK\r\nContent-Length: 70000'), ['content-length: 70000'])
  assert.deepEqual(length('HTTP/1.1 304 Not Modified\r\nContent-Length: 5'), ['content-length: 5'])
  assert.deepEqual(length('HTTP/1.1 204 No Content\r\nContent-Length: 5'), [])
  assert.deepEqual(length('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked'), [])
})

test('long names and values', () => {
  const [name, value] = ['x'.repeat(300), 'v'.repeat(20_000)]
  assert.deepEqual(answer(`HTTP/1.1 200 OK\r\n${name}: ${value}`), [
    ':status: 200',
    `${name}: ${value}`,
  ])
})

test('Date and lines of the proxy are added', () => {
  const date = 'Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n'
  const added = 'Set-Cookie: a=b; Path=/\r\nCache-Control: private\r\n'
  assert.deepEqual(answer('HTTP/1.1 200 OK', { date, added }), [
    ':status: 200',
    'date: Tue, 14 Nov 2023 22:13:20 GMT',
    'set-cookie: a=b; Path=/',
    'cache-control: private',
  ])
  assert.deepEqual(answer('HTTP/1.1 200 OK\r\nDate: then', { date }), [
    ':status: 200',
    'date: then',
  ])
})

test('the answer that makes a stream a tunnel has the status 200 and no accept', () => {
  assert.deepEqual(
    answer(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Accept: abc\r\nSec-WebSocket-Protocol: chat',
      { isTunnel: true },
    ),
    [':status: 200', 'sec-websocket-protocol: chat'],
  )
})

test('trailers are filtered, and there may be none', () => {
  const trailers = (text: string): string[] => {
    const bytes = Buffer.from(`${text}\r\n`, 'latin1')
    const fields = new Fields()
    assert.equal(fields.parse(bytes, 0, bytes.length, true), bytes.length)
    const out = new Out(16)
    const isAny = writeTrailerBlock(fields, out)
    const lines = linesOf(out)
    assert.equal(isAny, lines.length > 0)
    return lines
  }
  assert.deepEqual(trailers('Grpc-Status: 0\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n'), [
    'grpc-status: 0',
  ])
  assert.deepEqual(trailers('Transfer-Encoding: chunked\r\n'), [])
})
