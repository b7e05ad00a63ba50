// AJP13 under mutation: for any bytes of a container, split anywhere, the reader neither throws nor hangs, keeps at most one
// packet, and its output is an HTTP/1 response or a problem. TOPSPIN_FUZZ_RUNS=1000000 runs more of them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AnswerReader } from '../../src/wire/ajp/answer-reader.ts'
import { BodyPackets } from '../../src/wire/ajp/body-packets.ts'
import { writeForwardRequest } from '../../src/wire/ajp/forward-request.ts'
import { Packet } from '../../src/wire/ajp/packet.ts'
import { BodyRelay } from '../../src/wire/http/body-relay.ts'
import { Out } from '../../src/wire/http/out.ts'
import { RequestHead } from '../../src/wire/http/request-head.ts'
import { ResponseHead } from '../../src/wire/http/response-head.ts'
import {
  cpong,
  endResponse,
  getBodyChunk,
  readForwardRequest,
  sendBody,
  sendHeaders,
} from '../support/ajp-packets.ts'

const numRuns = Number(process.env['TOPSPIN_FUZZ_RUNS'] ?? 5_000)
const runs = { numRuns }

const text = (max: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength: max })
    .map((codes) => String.fromCharCode(...codes))
const fieldName = fc.constantFrom('Content-Type', 'Set-Cookie', 'X-Own', 'ETag', 'Location')
const field = fc.tuple(
  fieldName,
  text(12).map((value) => value.trim()),
)
const status = fc.constantFrom(200, 201, 204, 302, 304, 404, 500)
const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))

interface Told {
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly pieces: readonly Buffer[]
  readonly tellsLength: boolean
  readonly asks: number
}

const told: fc.Arbitrary<Told> = fc.record({
  status,
  fields: fc.array(field, { maxLength: 4 }),
  pieces: fc.array(data, { maxLength: 4 }),
  tellsLength: fc.boolean(),
  asks: fc.nat(3),
})

const bodyOf = (answer: Told): Buffer => {
  const hasNone = answer.status === 204 || answer.status === 304
  return hasNone ? Buffer.alloc(0) : Buffer.concat(answer.pieces)
}

function packetsOf(answer: Told): Buffer {
  const body = bodyOf(answer)
  const length: [string, string][] = answer.tellsLength
    ? [['Content-Length', String(body.length)]]
    : []
  return Buffer.concat([
    ...Array.from({ length: answer.asks }, () => getBodyChunk()),
    sendHeaders(answer.status, [...answer.fields, ...length]),
    ...(body.length > 0 ? answer.pieces.map((piece) => sendBody(piece)) : []),
    endResponse(),
  ])
}

interface Result {
  readonly problem: string | undefined
  readonly http: Buffer
  readonly reader: AnswerReader
}

/** Reads bytes in pieces that end at these offsets, from a buffer that is overwritten after each. */
function read(bytes: Buffer, cuts: readonly number[], expects: 'answer' | 'head' | 'pong'): Result {
  const reader = new AnswerReader()
  if (expects === 'pong') reader.expectPong()
  else reader.expectAnswer(expects === 'head')
  const out = new Out(64)
  const shared = Buffer.alloc(bytes.length + 1)
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const end of [...ends, bytes.length]) {
    if (end === from) continue
    bytes.copy(shared, 0, from, end)
    const problem = reader.read(shared, end - from, out)
    shared.fill(0xee)
    if (problem !== undefined) return { problem, http: out.content, reader }
    from = end
  }
  return { problem: undefined, http: out.content, reader }
}

/** The response in the bytes; `undefined` when they are invalid or incomplete. */
function parsed(http: Buffer, toHead: boolean): { head: ResponseHead; body: Buffer } | undefined {
  const head = new ResponseHead()
  const bodyFrom = head.parse(http, 0, http.length)
  if (bodyFrom <= 0) return undefined
  const relay = new BodyRelay()
  relay.begin(head.framing(toHead), head.contentLength, 'decode')
  const body = new Out(64)
  const behind = relay.relay(http, bodyFrom, http.length, body)
  assert.ok(behind >= 0, 'framing of our own that is broken')
  return relay.done && behind === http.length ? { head, body: body.content } : undefined
}

const cuts = fc.array(fc.nat(400), { maxLength: 6 })

describe('responses', () => {
  test('are as sent, wherever they are split', () => {
    fc.assert(
      fc.property(told, cuts, (answer, at) => {
        const { problem, http, reader } = read(packetsOf(answer), at, 'answer')
        assert.equal(problem, undefined)
        assert.deepEqual([reader.ended, reader.reusable], [true, true])
        const whole = parsed(http, false)
        assert.equal(whole?.head.status, answer.status)
        assert.equal(whole?.body.equals(bodyOf(answer)), true)
        const { fields } = whole!.head
        const came = Array.from({ length: fields.count }, (_, f) => [
          fields.name(f),
          fields.value(f),
        ])
        const kept = came.filter(
          ([name]) => name !== 'content-length' && name !== 'transfer-encoding',
        )
        assert.deepEqual(
          kept,
          answer.fields.map(([name, value]) => [name.toLowerCase(), value]),
        )
      }),
      runs,
    )
  })

  test('that are mutated are an HTTP/1 response or refused, and never longer than the input', () => {
    const change = fc.tuple(
      fc.nat(1_000),
      fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 3, 4, 5, 6, 9, 10, 13, 0x41, 0x42, 0xa0, 0xff)),
      fc.nat(2),
    )
    const bytesOf = fc.oneof(
      told.map(packetsOf),
      fc.tuple(told, told).map(([a, b]) => Buffer.concat([packetsOf(a), packetsOf(b)])),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(
          fc.constantFrom(
            cpong,
            endResponse(),
            endResponse(false),
            getBodyChunk(),
            sendBody('x'),
            sendHeaders(200),
            sendHeaders(200, [['Content-Length', '1']]),
          ),
          { maxLength: 6 },
        )
        .map((packets) => Buffer.concat(packets)),
    )
    const mutated = fc
      .tuple(bytesOf, fc.array(change, { maxLength: 3 }))
      .map(([bytes, changes]) => {
        const changed = [...bytes]
        for (const [at, byte, how] of changes) {
          const place = changed.length === 0 ? 0 : at % changed.length
          changed.splice(place, how === 0 ? 0 : 1, ...(how === 2 ? [] : [byte]))
        }
        return Buffer.from(changed)
      })
    const expects = fc.constantFrom('answer', 'head', 'pong')
    fc.assert(
      fc.property(mutated, cuts, expects, (bytes, at, what) => {
        const { problem, http, reader } = read(bytes, at, what)
        // The code of a field stands for a longer name, and each piece can become a chunk of its own.
        assert.ok(http.length <= 8 * bytes.length + 256)
        if (what === 'pong') return assert.equal(http.length, 0)
        if (problem !== undefined || !reader.ended) return
        const whole = parsed(http, what === 'head')
        // What the strict parser of HTTP/1 refuses is a 502; what it accepts is complete.
        const head = new ResponseHead()
        if (head.parse(http, 0, http.length) > 0) assert.notEqual(whole, undefined)
      }),
      runs,
    )
  })
})

describe('requests', () => {
  const path = fc.constantFrom(
    '/',
    '/a/b',
    '/a%20b',
    '/s;jsessionid=x.n1',
    '/?',
    '/q?a=b&c?d',
    '/%2e',
  )
  const method = fc.constantFrom('GET', 'POST', 'PATCH', 'PURGE', 'PROPFIND', 'OPTIONS')
  const name = fc.constantFrom('Accept', 'accept', 'X-A', 'Cookie', 'User-Agent', 'secret', 'Via')
  const fields = fc.array(
    fc.tuple(
      name,
      text(20).map((value) => value.trim()),
    ),
    { maxLength: 6 },
  )

  test('are read as they were written', () => {
    fc.assert(
      fc.property(method, path, fields, fc.boolean(), (verb, target, lines, isSecure) => {
        const head = new RequestHead()
        const bytes = Buffer.from(
          [
            `${verb} ${target} HTTP/1.1`,
            'Host: app.test',
            ...lines.map(([key, value]) => `${key}: ${value}`),
            '',
            '',
          ].join('\r\n'),
        )
        assert.ok(head.parse(bytes, 0, bytes.length) > 0)
        const packet = new Packet(8_192)
        const facts = { remoteAddress: '::1', serverName: 'app.test', serverPort: 81, isSecure }
        writeForwardRequest(head, { ...facts, attributes: [] }, packet)
        const written = packet.end() as Buffer
        assert.equal(written.readUInt16BE(2), written.length - 4)
        const seen = readForwardRequest(written.subarray(4))
        const query = seen.attributes.get('query_string')
        assert.equal(seen.method, verb)
        assert.equal(seen.uri + (query === undefined ? '' : `?${query}`), target)
        assert.equal(seen.isSecure, isSecure)
        assert.deepEqual(seen.fields, [
          ['host', 'app.test'],
          ...lines.map(([key, value]) => [key.toLowerCase(), value]),
        ])
        const known = new Set(['query_string', 'stored_method'])
        assert.ok([...seen.attributes.keys()].every((key) => known.has(key)))
      }),
      runs,
    )
  })

  test('have complete bodies, in order, sent only when asked for', () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { maxLength: 5 })
    const asks = fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(pieces, asks, fc.boolean(), cuts, (parts, sizes, isChunked, at) => {
        const body = Buffer.concat(parts)
        const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
        const bytes = Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
        const head = new RequestHead()
        head.parse(bytes, 0, bytes.length)
        const framed = isChunked
          ? Buffer.concat([
              ...parts.map((part) =>
                Buffer.concat([
                  Buffer.from(`${part.length.toString(16)}\r\n`),
                  part,
                  Buffer.from('\r\n'),
                ]),
              ),
              Buffer.from('0\r\n\r\n'),
            ])
          : body
        const packets = new BodyPackets(64)
        packets.begin(head)
        let from = 0
        const ends = [...new Set(at.map((cut) => cut % (framed.length + 1)))].sort((a, b) => a - b)
        for (const end of [...ends, framed.length]) {
          packets.add(framed, from, end)
          from = end
        }
        const out = new Out(64)
        const came: Buffer[] = []
        const isLengthKnown = !isChunked && body.length > 0
        for (let asked = 0; asked < 2_000; asked++) {
          if (asked > 0 || !isLengthKnown)
            assert.equal(packets.ask(sizes[asked % sizes.length]!), true)
          out.clear()
          packets.write(out)
          const packet = out.content
          assert.ok(packet.length <= 64)
          assert.equal(packet.readUInt16BE(2), packet.length - 4)
          assert.equal(packet.readUInt16BE(4), packet.length - 6)
          if (packet.length === 6) break
          came.push(Buffer.from(packet.subarray(6)))
        }
        assert.equal(Buffer.concat(came).equals(body), true)
      }),
      runs,
    )
  })
})
