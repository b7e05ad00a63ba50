// FORWARD_REQUEST to the byte, all methods, fields and attributes that have a number, and what must throw.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RequestFacts, writeForwardRequest } from '../../../../src/wire/ajp/forward-request.ts'
import { Packet } from '../../../../src/wire/ajp/packet.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { readForwardRequest } from '../../../support/ajp-packets.ts'

const plain: RequestFacts = {
  remoteAddress: '10.0.0.9',
  serverName: 'a.test',
  serverPort: 80,
  isSecure: false,
  attributes: [],
}

function headOf(line: string, ...fields: string[]): RequestHead {
  const bytes = Buffer.from([`${line} HTTP/1.1`, 'Host: a.test', ...fields, '', ''].join('\r\n'))
  const head = new RequestHead()
  assert.ok(head.parse(bytes, 0, bytes.length) > 0, line)
  return head
}

function written(head: RequestHead, facts: RequestFacts = plain, size = 8_192): Buffer | undefined {
  const packet = new Packet(size)
  writeForwardRequest(head, facts, packet)
  return packet.end()
}

const read = (head: RequestHead, facts?: RequestFacts) =>
  readForwardRequest((written(head, facts) as Buffer).subarray(4))

/** Hexadecimal, with text between apostrophes as a string of the protocol. */
function bytesOf(notation: string): Buffer {
  const parts = notation.match(/'[^']*'|[0-9a-f]{2}/g) ?? []
  return Buffer.concat(
    parts.map((part) => {
      if (!part.startsWith("'")) return Buffer.from(part, 'hex')
      const text = Buffer.from(part.slice(1, -1), 'latin1')
      return Buffer.concat([Buffer.of(text.length >> 8, text.length & 0xff), text, Buffer.of(0)])
    }),
  )
}

describe('FORWARD_REQUEST', () => {
  test('of a GET, to the byte', () => {
    const head = headOf('GET /shop/a%20b?q=1', 'Accept: */*', 'X-Id: 7')
    const content = bytesOf(
      `02 02 'HTTP/1.1' '/shop/a%20b' '10.0.0.9' '10.0.0.9' 'a.test' 00 50 00
       00 03 a0 0b 'a.test' a0 01 '*/*' 'X-Id' '7'
       05 'q=1' ff`,
    )
    const packet = written(head)
    assert.equal(
      packet?.toString('hex', 0, 4),
      `1234${content.length.toString(16).padStart(4, '0')}`,
    )
    assert.equal(packet?.toString('hex', 4), content.toString('hex'))
  })

  test('of a method without a code, with all facts about the client, to the byte', () => {
    const facts: RequestFacts = {
      ...plain,
      serverPort: 8_443,
      isSecure: true,
      remoteUser: 'me',
      authType: 'BASIC',
      jvmRoute: 'n1',
      certificate: 'PEM\n',
      cipher: 'AES',
      tlsSession: '0aff',
      keySize: 256,
      secret: 'hush',
      attributes: [['AJP_REMOTE_PORT', '4711']],
    }
    const content = bytesOf(
      `02 ff 'HTTP/1.1' '/' '10.0.0.9' '10.0.0.9' 'a.test' 20 fb 01
       00 02 a0 0b 'a.test' a0 08 '3'
       0d 'PATCH' 03 'me' 04 'BASIC' 06 'n1' 07 0004 50454d0a 00 08 'AES' 09 '0aff' 0b 0100
       0c 'hush' 0a 'AJP_REMOTE_PORT' '4711' ff`,
    )
    assert.equal(
      written(headOf('PATCH /', 'Content-Length: 3'), facts)?.toString('hex', 4),
      content.toString('hex'),
    )
  })

  test('has the codes of all methods', () => {
    const names =
      'OPTIONS GET HEAD POST PUT DELETE - PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK ACL REPORT VERSION-CONTROL CHECKIN CHECKOUT UNCHECKOUT SEARCH MKWORKSPACE UPDATE LABEL MERGE BASELINE-CONTROL MKACTIVITY'
    for (const [index, name] of names.split(' ').entries()) {
      // TRACE is not forwarded.
      if (name !== '-') assert.equal(written(headOf(`${name} /`))?.[5], index + 1, name)
    }
    assert.equal(written(headOf('get /'))?.[5], 0xff, 'methods are case-sensitive')
  })

  test('has the codes of all fields, case-insensitively', () => {
    const names =
      'accept accept-charset Accept-Encoding accept-language AUTHORIZATION content-type cookie cookie2 pragma referer user-agent'
    const numbers = [1, 2, 3, 4, 5, 7, 9, 10, 12, 13, 14]
    for (const [index, name] of names.split(' ').entries()) {
      const packet = written(headOf('GET /', `${name}: value`)) as Buffer
      const field = Buffer.concat([Buffer.of(0xa0, numbers[index] ?? 0), bytesOf("'value'")])
      assert.ok(packet.includes(field), name)
    }
  })

  test('has the framing of the body: length, chunks, or none', () => {
    assert.deepEqual(read(headOf('POST /', 'Content-Length: 007')).fields.at(-1), [
      'content-length',
      '7',
    ])
    assert.deepEqual(read(headOf('POST /', 'Transfer-Encoding: chunked')).fields.at(-1), [
      'transfer-encoding',
      'chunked',
    ])
    assert.equal(read(headOf('GET /')).fields.length, 1)
  })

  test('drops connection-specific fields and Expect', () => {
    const fields = ['Connection: Upgrade', 'Upgrade: websocket', 'Expect: 100-continue']
    assert.deepEqual(read(headOf('GET /', ...fields)).fields, [['host', 'a.test']])
  })

  test('distinguishes an empty query from none', () => {
    assert.equal(read(headOf('GET /?')).attributes.get('query_string'), '')
    assert.equal(read(headOf('GET /')).attributes.has('query_string'), false)
    const { uri, attributes } = read(headOf('GET /a;b=c?d?e'))
    assert.deepEqual([uri, attributes.get('query_string')], ['/a;b=c', 'd?e'])
  })

  test('makes no attribute of a field, whatever its name', () => {
    const names = ['query_string', 'secret', 'remote_user', 'AJP_REMOTE_PORT', 'stored_method']
    const { attributes, fields } = read(headOf('GET /', ...names.map((name) => `${name}: evil`)))
    assert.deepEqual([...attributes], [])
    assert.equal(fields.length, names.length + 1)
  })

  test('that is too long for a packet is not written', () => {
    const long = `X: ${'x'.repeat(1_000)}`
    assert.equal(written(headOf('GET /', long), plain, 1_024), undefined)
    const whole = written(headOf('GET /', long)) as Buffer
    assert.equal(written(headOf('GET /', long), plain, whole.length)?.length, whole.length)
    assert.equal(written(headOf('GET /', long), plain, whole.length - 1), undefined)
  })

  test('that is not canonical throws', () => {
    const wrong: Partial<RequestFacts>[] = [
      { remoteAddress: 'a\r\nb' },
      { serverName: 'a\0' },
      { remoteUser: 'a\nb' },
      { secret: '\u0100' },
      { certificate: 'a\0b' },
      { serverPort: 70_000 },
      { keySize: -1 },
      { serverPort: Number.NaN },
      { cipher: 'x'.repeat(65_535) },
      { attributes: [['a\n', 'b']] },
    ]
    for (const facts of wrong)
      assert.throws(() => written(headOf('GET /'), { ...plain, ...facts }), RangeError)
    const head = headOf('GET /', 'X-Id: 7')
    head.fields.bytes[head.fields.valueFrom(1)] = 10
    assert.throws(() => written(head), RangeError)
    const name = headOf('GET /', 'X-Id: 7')
    name.fields.bytes[name.fields.nameFrom(1)] = 32
    assert.throws(() => written(name), RangeError)
  })
})
