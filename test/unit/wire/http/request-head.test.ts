// Request heads: what is accepted, what is refused with which status, and the facts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { INCOMPLETE, problemOf } from '../../../../src/wire/http/problem.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

function parse(text: string): { head: RequestHead; result: number } {
  const head = new RequestHead()
  const bytes = Buffer.from(text, 'latin1')
  return { head, result: head.parse(bytes, 0, bytes.length) }
}

function good(text: string): RequestHead {
  const { head, result } = parse(text)
  assert.equal(result, Buffer.byteLength(text, 'latin1'), `not taken: ${JSON.stringify(text)}`)
  return head
}

const withFields = (...fields: string[]): string =>
  `POST / HTTP/1.1\r\nHost: h\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`

const part = (head: RequestHead, from: number, to: number): string =>
  head.fields.bytes.toString('latin1', from, to)

describe('accepted', () => {
  test('a plain request', () => {
    const head = good('GET /a/b?c=d HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\n\r\n')
    assert.equal(head.method, 'GET')
    assert.equal(part(head, head.targetFrom, head.targetTo), '/a/b?c=d')
    assert.equal(part(head, head.hostFrom, head.hostTo), 'example.com:8080')
    assert.deepEqual([head.keepAlive, head.hasBody, head.minor], [true, false, 1])
  })

  test('up to two empty lines before it', () => {
    good('\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n')
    assert.ok(parse('\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n').result < 0)
  })

  test('the absolute form: its authority takes precedence over Host; the path may be missing', () => {
    const head = good('GET http://a.test:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n')
    assert.equal(part(head, head.hostFrom, head.hostTo), 'a.test:81')
    assert.equal(part(head, head.targetFrom, head.targetTo), '/p?q')
    const bare = good('GET HTTPS://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n')
    assert.equal(bare.targetFrom, bare.targetTo)
  })

  test('HTTP/1.0 without Host, which closes by default; HTTP/1.2 as 1.1', () => {
    assert.equal(good('GET / HTTP/1.0\r\n\r\n').keepAlive, false)
    assert.equal(good('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n').keepAlive, true)
    assert.equal(good('GET / HTTP/1.2\r\nHost: h\r\n\r\n').minor, 1)
  })

  test('framing: a length, chunked, neither', () => {
    assert.equal(good(withFields('Content-Length: 0042')).contentLength, 42)
    assert.equal(good(withFields('Content-Length: 0')).declaresLength, true)
    assert.equal(good(withFields('Transfer-Encoding: Chunked')).chunked, true)
    assert.equal(good(withFields()).hasBody, false)
  })

  test('Connection: options in any case and number, others are nominated', () => {
    const head = good(
      withFields('Connection: Upgrade, X-A', 'Connection: ,close,', 'Connection: x-b'),
    )
    assert.deepEqual([head.keepAlive, head.wantsUpgrade], [false, true])
    assert.deepEqual(head.nominated, ['x-a', 'x-b'])
  })

  for (const [target, isRaw] of [
    ['/a%20b?c=%zz', true],
    ['/a%20b?c=%20', false],
    ['/a[1].txt', true],
    ['/a?b[]=1', true],
    ['/a|b^c`d{e}"<f>', true],
    ['/a?b|c^d`e{f}"<g>', true],
    ['/100%', true],
    ['/100%/x', true],
    ['/%zz', true],
    ['/%4', true],
    ['/a?50%', true],
    ['/a?b\\c', true],
    ["/a-b._~!$&'()*+,;=:@?-._~!$&'()*+,;=:@/?", false],
  ] as const) {
    test(`the target ${target} is read unchanged, ${isRaw ? 'and marked' : 'and not marked'} as raw`, () => {
      const head = good(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      assert.equal(part(head, head.targetFrom, head.targetTo), target)
      assert.equal(head.isRawTarget, isRaw)
    })
  }

  test('a query after a host without a path is one of the root', () => {
    const head = good('GET http://a.test?x=1 HTTP/1.1\r\nHost: h\r\n\r\n')
    assert.equal(part(head, head.targetFrom, head.targetTo), '?x=1')
    assert.equal(part(head, head.hostFrom, head.hostTo), 'a.test')
  })

  test('facts of one request do not carry over to the next', () => {
    const head = new RequestHead()
    const first = Buffer.from(
      withFields(
        'Connection: close, x',
        'Transfer-Encoding: chunked',
        'Expect: 100-continue',
        'Cookie: a',
      ),
    )
    head.parse(first, 0, first.length)
    const second = Buffer.from('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    head.parse(second, 0, second.length)
    assert.deepEqual(
      [
        head.keepAlive,
        head.chunked,
        head.expectsContinue,
        head.cookie,
        head.nominated,
        head.hasBody,
      ],
      [true, false, false, -1, [], false],
    )
  })

  test('a head of the largest size, and not a byte more', () => {
    const line = `X-Pad: ${'p'.repeat(30_000)}`
    const start = withFields(line, line).length
    const fit = `X-Rest: ${'r'.repeat(65_536 - start - 10)}`
    assert.equal(good(withFields(line, line, fit)).fields.count, 4)
    assert.equal(problemOf(parse(withFields(line, line, `${fit}r`)).result).status, 431)
  })

  test('each limit of a head is a setting, and its problem names it', () => {
    const limits = { fieldBytes: 60, totalBytes: 200, count: 4 }
    const problem = (...fields: string[]): string | undefined => {
      const head = new RequestHead(limits)
      const bytes = Buffer.from(withFields(...fields))
      const result = head.parse(bytes, 0, bytes.length)
      if (result > 0) return undefined
      // As long as it is incomplete it is within the limits, or has the same problem.
      for (let end = 1; end < bytes.length; end++) {
        assert.ok([INCOMPLETE, result].includes(new RequestHead(limits).parse(bytes, 0, end)))
      }
      return problemOf(result).text
    }
    const field = (length: number): string => `X: ${'x'.repeat(length - 3)}`
    assert.equal(problem(field(60)), undefined)
    assert.equal(problem(field(61)), 'header field longer than headers.maxField')
    assert.equal(problem('A: 1', 'B: 2', 'C: 3'), undefined)
    assert.equal(
      problem('A: 1', 'B: 2', 'C: 3', 'D: 4'),
      'more header fields than headers.maxCount',
    )
    const rest = 200 - withFields(field(60), field(60)).length - 2
    assert.equal(problem(field(60), field(60), field(rest)), undefined)
    assert.equal(
      problem(field(60), field(60), field(rest + 1)),
      'header fields larger than headers.maxTotal',
    )
  })

  test('a Kerberos ticket of 12 KB, and one of 24 KB beside long cookies, fit', () => {
    good(withFields(`Authorization: Negotiate ${'Y'.repeat(12_288)}`))
    good(
      withFields(
        `Authorization: Negotiate ${'Y'.repeat(24_000)}`,
        `Cookie: a=${'b'.repeat(8_000)}`,
      ),
    )
  })

  test('members of Connection that are no tokens name no field', () => {
    for (const value of ['"x"', '"close"', 'a b', '"content-length"', 'x=1;y', '(', ', ,']) {
      const head = good(withFields(`Connection: ${value}`, 'X: 1'))
      assert.deepEqual([head.nominated, head.keepAlive], [[], true], value)
    }
    const head = good(withFields('Connection: "x", close, X-A'))
    assert.deepEqual([head.nominated, head.keepAlive], [['x-a'], false])
  })
})

describe('refused', () => {
  const cases: readonly (readonly [status: number, text: string])[] = [
    [400, ' GET / HTTP/1.1\r\n'],
    [400, 'GET  / HTTP/1.1\r\n'],
    [400, 'GET /\tHTTP/1.1\r\n'],
    [400, 'GET / HTTP/1.1 \r\n'],
    [400, 'GET / HTTP/1.1\nHost: h\r\n'],
    [400, 'GET / http/1.1\r\nHost: h\r\n'],
    [400, 'G(T / HTTP/1.1\r\n'],
    [400, 'GET / HTTP/11\r\nHost: h\r\n'],
    [505, 'GET / HTTP/2.0\r\nHost: h\r\n'],
    [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n'],
    [400, 'GET * HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET path HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a#b HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a\\b HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /%00 HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a%00b?c HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a\\b HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a#b HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a?b#c HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /\xe4 HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /\x7f HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /?\xe9 HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /a\tb HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET /\xe4 HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET http:// HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET http://u@h/ HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET ftp://h/ HTTP/1.1\r\nHost: h\r\n'],
    [400, 'GET http\x1a\x0f\x0fh/ HTTP/1.1\r\nHost: h\r\n'],
    [405, 'CONNECT h:1 HTTP/1.1\r\nHost: h\r\n'],
    [405, 'TRACE / HTTP/1.1\r\nHost: h\r\n'],
    [414, `GET /${'a'.repeat(8_192)} HTTP/1.1\r\nHost: h\r\n`],
    [431, withFields(`X: ${'v'.repeat(32_768)}`)],
    [431, withFields(...Array.from({ length: 200 }, () => 'X: 1'))],
    [400, 'GET / HTTP/1.1\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a b\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a,b\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: u@a\r\n'],
    [400, withFields('Name : v')],
    [400, withFields(': v')],
    [400, withFields('no colon')],
    [400, withFields('A: b', ' folded')],
    [400, withFields('A: b\0c')],
    [400, withFields('A: b\rc')],
    [400, withFields('A: b\nC: d')],
    [400, withFields('Content-Length: +1')],
    [400, withFields('Content-Length: 1, 1')],
    [400, withFields('Content-Length: ')],
    [400, withFields('Content-Length: 0x1')],
    [400, withFields('Content-Length: 9007199254740992')],
    [400, withFields('Content-Length: 1', 'Content-Length: 1')],
    [400, withFields('Content-Length: 1', 'Transfer-Encoding: chunked')],
    [400, withFields('Transfer-Encoding: chunked, chunked')],
    [400, withFields('Transfer-Encoding: gzip, chunked')],
    [400, withFields('Transfer-Encoding: identity')],
    [400, withFields('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
    [400, withFields('Transfer-Encoding: \x0bchunked')],
    [400, 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n'],
    [400, withFields('Connection: Content-Length')],
    [417, withFields('Expect: 200-ok')],
  ]
  for (const [status, text] of cases) {
    test(`${JSON.stringify(text.slice(0, 70))} with ${status}`, () => {
      const { result } = parse(text.endsWith('\r\n\r\n') ? text : `${text}\r\n`)
      assert.ok(result < 0, 'it was taken, or waited for more')
      assert.equal(problemOf(result).status, status)
    })
  }

  test('only once the head is complete, while it is valid so far', () => {
    const text = 'POST http://a.test/x%20y?z HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n'
    for (let end = 0; end < text.length; end++) {
      const bytes = Buffer.from(text, 'latin1')
      assert.equal(new RequestHead().parse(bytes, 0, end), INCOMPLETE, `at ${end}`)
    }
  })
})
