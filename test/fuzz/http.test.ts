// Properties of the HTTP/1 parsers and writers: the result does not depend on where the input is split, the output is canonical
// and is parsed to the same values, and no input makes them throw.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ForwardedFields, viaLines } from '../../src/wire/forwarded.ts'
import { BodyRelay } from '../../src/wire/http/body-relay.ts'
import { ChunkedRelay, writeChunk, writeLastChunk } from '../../src/wire/http/chunked.ts'
import { Out } from '../../src/wire/http/out.ts'
import { writeRequestHead } from '../../src/wire/http/outgoing-request.ts'
import { writeResponseHead } from '../../src/wire/http/outgoing-response.ts'
import { INCOMPLETE } from '../../src/wire/http/problem.ts'
import { RequestHead } from '../../src/wire/http/request-head.ts'
import { ResponseHead } from '../../src/wire/http/response-head.ts'
import { readMessage } from '../support/http-reader.ts'

const runs = { numRuns: 400 }

const oneOf = (characters: string, minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...characters), { minLength, maxLength }).map((parts) => parts.join(''))
const token = oneOf("abcXYZ019-_!#$%&'*+.^`|~", 1, 12)
const value = oneOf('abc XYZ\t;,="\\/\xe4\xa0\x80:', 0, 30)
const space = fc.constantFrom('', ' ', '\t', '  ')
const line = fc
  .tuple(token, space, value, space)
  .map(([name, a, text, b]) => `${name}:${a}${text}${b}`)
const known = fc.constantFrom(
  'Connection: close',
  'Connection: keep-alive, X-A',
  'connection:Upgrade',
  'Upgrade: websocket',
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'Proxy: x',
  'Expect: 100-continue',
  'Via: 1.1 before',
  'Forwarded: for=6.6.6.6',
  'X-Forwarded-For: 6.6.6.6',
  'X-Forwarded-Host: evil\xa0',
  'X-Forwarded-Proto:  https ',
  'X-Real-IP: 6.6.6.6',
  'Max-Forwards: 99999999999999999999999',
  'Cookie: a=b; JSESSIONID=x.y',
  'Trailer: X-T',
  'X-A: nominated',
  'endpoint-load-metrics: TEXT cpu_utilization=0.3',
)
const framing = fc.constantFrom(
  '',
  'Content-Length: 3',
  'Content-Length:0',
  'Transfer-Encoding: chunked',
)
const fields = fc
  .tuple(fc.array(fc.oneof(line, known), { maxLength: 8 }), framing, fc.nat(8))
  .map(([lines, frame, at]) => lines.toSpliced(at, 0, ...(frame === '' ? [] : [frame])))
const target = fc.constantFrom(
  '/',
  '/a/b?c=d',
  '/a;jsessionid=x.n1?%zz',
  'http://h.test:81/p',
  'http://h',
)
const requestText = fc
  .tuple(fc.constantFrom('GET', 'POST', 'OPTIONS', 'HEAD', 'PURGE'), target, fc.nat(1), fields)
  .map(([method, to, minor, lines]) =>
    [`${method} ${to} HTTP/1.${minor}`, 'Host: app.test', ...lines, '', ''].join('\r\n'),
  )
const status = fc.constantFrom(100, 103, 200, 204, 206, 304, 404, 500, 599)
const responseText = fc
  .tuple(status, oneOf('OK \t\xe4', 0, 8), fc.nat(1), fields)
  .map(([code, reason, minor, lines]) =>
    [`HTTP/1.${minor} ${code} ${reason}`, ...lines, '', ''].join('\r\n'),
  )
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Some bytes of a text changed, inserted or removed. */
const mutated = (texts: fc.Arbitrary<string>) =>
  fc
    .tuple(
      texts,
      fc.array(
        fc.tuple(
          fc.nat(2_000),
          fc.oneof(fc.nat(255), fc.constantFrom(0, 9, 10, 13, 32, 58, 127)),
          fc.nat(2),
        ),
        { minLength: 1, maxLength: 4 },
      ),
    )
    .map(([text, changes]) => {
      const bytes = [...bytesOf(text)]
      for (const [at, byte, how] of changes) {
        bytes.splice(at % bytes.length, how === 0 ? 0 : 1, ...(how === 2 ? [] : [byte]))
      }
      return Buffer.from(bytes)
    })

interface Parser {
  parse(bytes: Buffer, at: number, end: number): number
}

/** Every prefix is incomplete, or refused if the whole is refused. */
function assertSplitsAgree(made: () => Parser, bytes: Buffer): void {
  const whole = made().parse(bytes, 0, bytes.length)
  const parser = made()
  for (let end = 0; end < bytes.length; end++) {
    // The parser must not read after `end`.
    const cut = Buffer.concat([bytes.subarray(0, end), Buffer.alloc(16, 0x3a)])
    const result = parser.parse(cut, 0, end)
    if (whole > 0) assert.equal(result, end < whole ? INCOMPLETE : whole, `split at ${end}`)
    else if (whole < 0) assert.ok(result <= 0, `taken at ${end}, refused as a whole`)
    else assert.equal(result, INCOMPLETE, `at ${end}`)
  }
  assert.equal(parser.parse(bytes, 0, bytes.length), whole)
}

describe('splitting', () => {
  test('request heads', () => {
    const any = fc.oneof(requestText.map(bytesOf), mutated(requestText))
    fc.assert(
      fc.property(any, (bytes) => assertSplitsAgree(() => new RequestHead(), bytes)),
      runs,
    )
  })

  test('response heads', () => {
    const any = fc.oneof(responseText.map(bytesOf), mutated(responseText))
    fc.assert(
      fc.property(any, (bytes) => assertSplitsAgree(() => new ResponseHead(), bytes)),
      runs,
    )
  })
})

const chunkedBody = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.constantFrom('', ';a', ' ; a=b', ';a="q\\";\xe4";b'),
        fc.constantFrom('', '0', '000'),
      ),
      { maxLength: 6 },
    ),
    fc.array(fc.oneof(line, known), { maxLength: 3 }),
  )
  .map(([chunks, trailers]) => {
    const parts = chunks.map(
      ([data, extension, zeros]) =>
        `${zeros}${data.length.toString(16)}${extension}\r\n${Buffer.from(data).toString('latin1')}\r\n`,
    )
    const text = `${parts.join('')}0\r\n${trailers.map((trailer) => `${trailer}\r\n`).join('')}\r\n`
    return { text, body: Buffer.concat(chunks.map(([data]) => data)) }
  })
const chunkedText = chunkedBody.map(({ text }) => text)

/** Feeds a relay in pieces. @returns the output, or the problem. */
function relayed(bytes: Buffer, cuts: readonly number[], decodes: boolean): string | number {
  const relay = new ChunkedRelay()
  relay.reset(decodes)
  const out = new Out(8)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let at = 0
  for (const end of ends) {
    if (relay.done) break
    if (end > at && relay.passes(at, end)) {
      out.copy(bytes, at, end)
      at = end
      continue
    }
    const result = relay.relay(bytes, at, end, out)
    if (result < 0) return result
    at = result
  }
  return `${relay.done} ${at} ${out.content.toString('latin1')}`
}

describe('chunked', () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 12 })

  test('any split of any input has the same output', () => {
    const any = fc.oneof(chunkedText.map(bytesOf), mutated(chunkedText))
    fc.assert(
      fc.property(any, cuts, fc.boolean(), (bytes, where, decodes) => {
        assert.equal(relayed(bytes, where, decodes), relayed(bytes, [], decodes))
      }),
      runs,
    )
  })

  test('the output decodes to the same body with an independent parser', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    const reading = { ended: false, isAnswer: true }
    fc.assert(
      fc.property(chunkedBody, cuts, ({ text, body }, where) => {
        const came = String(relayed(bytesOf(text), where, false)).replace(/^true \d+ /, '')
        assert.deepEqual(readMessage(bytesOf(head + came), 0, reading)?.body, body)
        const plain = String(relayed(bytesOf(text), where, true)).replace(/^true \d+ /, '')
        assert.equal(plain, body.toString('latin1'))
      }),
      runs,
    )
  })

  test('a body written in chunks is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
        const out = new Out(8)
        for (const piece of pieces) writeChunk(Buffer.from(piece), 0, piece.length, out)
        writeLastChunk(out)
        const text = relayed(out.content, [], true)
        const body = Buffer.concat(pieces).toString('latin1')
        assert.equal(text, `true ${out.length} ${body}`)
      }),
      runs,
    )
  })
})

/** The head is unambiguous: CR and LF only as pairs, no NUL, at most one framing. */
function assertCanonical(text: string): void {
  assert.equal(/\r(?!\n)|(?<!\r)\n|\0/.test(text), false, JSON.stringify(text))
  const lines = text.split('\r\n').slice(1, -2)
  for (const each of lines) {
    assert.match(
      each,
      /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+: ?[\t\x20-\x7e\x80-\xff]*$/,
      JSON.stringify(each),
    )
  }
  const frames = lines.filter((each) => /^(content-length|transfer-encoding):/i.test(each))
  assert.ok(frames.length <= 1, text)
}

describe('round trip', () => {
  for (const trusted of [false, true]) {
    test(`an accepted request is written in canonical form and parsed to the same (trusted: ${trusted})`, () => {
      const forwarded = new ForwardedFields({
        address: '10.0.0.1',
        scheme: 'http',
        via: viaLines('us'),
        trusted,
      })
      const any = fc.oneof(requestText.map(bytesOf), mutated(requestText))
      fc.assert(
        fc.property(any, (bytes) => {
          const head = new RequestHead()
          if (head.parse(bytes, 0, bytes.length) <= 0) return
          const out = new Out(8)
          writeRequestHead(
            {
              head,
              client: { forwarded, trusted, localAuthority: 'd' },
              passesFolded: false,
            },
            out,
          )
          const text = out.content.toString('latin1')
          assertCanonical(text)
          const again = new RequestHead()
          assert.equal(again.parse(out.content, 0, out.length), out.length, text)
          assert.deepEqual(
            [again.method, again.contentLength, again.chunked, again.nominated, again.keepAlive],
            [head.method, head.contentLength, head.chunked, [], true],
          )
          assert.equal((text.match(/^host:/gim) ?? []).length, 1)
          if (!trusted) assert.doesNotMatch(text, /^(x-forwarded-for|forwarded|x-real-ip):.*6\.6/im)
        }),
        runs,
      )
    })
  }

  test('an accepted response is written in canonical form and parsed to the same', () => {
    const any = fc.oneof(responseText.map(bytesOf), mutated(responseText))
    fc.assert(
      fc.property(any, fc.constantFrom('close', 'keep-alive', ''), (bytes, connection) => {
        const head = new ResponseHead()
        if (head.parse(bytes, 0, bytes.length) <= 0) return
        const chunked = head.framing(false) === 'chunked'
        const out = new Out(8)
        writeResponseHead({ head, chunked, connection }, out)
        const text = out.content.toString('latin1')
        assertCanonical(text)
        const again = new ResponseHead()
        assert.equal(again.parse(out.content, 0, out.length), out.length, text)
        assert.equal(again.status, head.status)
        assert.equal(again.framing(false), head.framing(false))
        assert.deepEqual(again.nominated, [])
        assert.doesNotMatch(text, /^endpoint-load-metrics:/im)
      }),
      runs,
    )
  })
})

test('a body of any framing, split anywhere, ends at its end', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 })
  fc.assert(
    fc.property(pieces, fc.nat(100), (given, length) => {
      const relay = new BodyRelay()
      relay.begin('length', length, 'same')
      const out = new Out(8)
      let behind = 0
      for (const piece of given) {
        behind += piece.length - relay.relay(Buffer.from(piece), 0, piece.length, out)
      }
      const all = Buffer.concat(given)
      assert.deepEqual(out.content, all.subarray(0, length))
      assert.equal(behind, Math.max(0, all.length - length))
      assert.equal(relay.done, all.length >= length)
    }),
    runs,
  )
})
