// Properties of compressed responses: whatever the head of the node, the length of the body, the pieces in which it
// comes and what the client accepts, the client gets a message whose body, decoded, is that of the node.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { CompressedReceiver } from '../../src/forward/rules/compressor.ts'
import { Rule } from '../../src/forward/rules/rule.ts'
import { attempt } from '../../src/forward/stages/attempt.ts'
import { deliverCompressed, deliverCompressedEnd } from '../../src/forward/stages/compress.ts'
import { deliver, deliverEnd } from '../../src/forward/stages/deliver.ts'
import { preferredCoding } from '../../src/wire/http/accept-encoding.ts'
import { exchangeOf, noReceiver, prepared, requestText } from '../support/exchange-fixture.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { readMessage } from '../support/http-reader.ts'
import { configOf } from '../support/rules-fixture.ts'

const rule = (): Rule => {
  const [entry] = configOf('routes: [{ compress: { minSize: 10 } }]').routes
  const {
    registers: _,
    auth: _auth,
    errors: _errors,
    ...settings
  } = entry as NonNullable<typeof entry>
  return new Rule(settings, 0)
}

const oneOf = (...values: readonly string[]) => fc.constantFrom(...values)
const element = fc
  .tuple(
    oneOf('gzip', 'br', 'x-gzip', '*', 'identity', 'deflate', 'GZIP', ''),
    oneOf('', ';q=1', ';q=0', '; q=0.5', ';q=1.000', ';q=0.001', ';q=2', ';q', ' ;q = 0.3', ';x=1'),
  )
  .map((parts) => parts.join(''))
const accepts = fc.array(element, { maxLength: 5 }).map((parts) => parts.join(', '))
const field = oneOf(
  'Vary: Origin',
  'Vary: origin,accept-encoding',
  'Vary: *',
  'vary:',
  'ETag: "x"',
  'ETag: W/"x"',
  'ETag: x',
  'etag:"a", "b"',
  'Accept-Ranges: bytes',
  'Cache-Control: no-cache',
  'Cache-Control: max-age=1, no-transform',
  'Content-Encoding: gzip',
  'Content-Encoding: identity',
  'Content-Range: bytes 0-1/2',
  'Set-Cookie: a=b',
  'X: Content-Encoding: br',
  'Connection: x-a',
  'X-A: b',
)
const type = oneOf(
  'text/html',
  'Text/HTML;a=b',
  'application/x+json',
  'image/png',
  'text/event-stream',
  '',
)

const given = fc.record({
  accepts,
  fields: fc.array(field, { maxLength: 5 }),
  type,
  status: fc.constantFrom(200, 200, 200, 206, 204, 304, 404, 500),
  framing: oneOf('length', 'chunked', 'close'),
  size: fc.nat(3_000),
  cuts: fc.array(fc.nat(4_000), { maxLength: 6 }),
  isHead: fc.boolean(),
  isOld: fc.boolean(),
})
type Given = typeof given extends fc.Arbitrary<infer Value> ? Value : never

function bytesOf(
  { status, fields, type: kind, framing, size, isHead }: Given,
  body: string,
): Buffer {
  const isBodiless = isHead || status === 204 || status === 304
  const frame =
    framing === 'length'
      ? [`Content-Length: ${size}`]
      : framing === 'chunked'
        ? ['Transfer-Encoding: chunked']
        : []
  const head = [
    `HTTP/1.1 ${status} Some`,
    ...fields,
    ...(kind === '' ? [] : [`Content-Type: ${kind}`]),
    ...frame,
    '',
    '',
  ].join('\r\n')
  if (isBodiless) return Buffer.from(head)
  const half = Math.floor(size / 2)
  const chunk = (text: string): string =>
    text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`
  const framed =
    framing === 'chunked'
      ? `${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`
      : body
  return Buffer.from(head + framed)
}

async function through(one: Given, body: string): Promise<string> {
  const line = `${one.isHead ? 'HEAD' : 'GET'} / HTTP/1.${one.isOld ? 0 : 1}`
  const request = requestText(line, `Accept-Encoding: ${one.accepts}`)
  const fixture = exchangeOf(request)
  const { state, client } = fixture
  state.request.rule = rule()
  state.request.coding = state.request.rule.compression?.codingFor(state.request.head.fields)
  attempt(state, prepared(fixture, request), noReceiver)
  const bytes = bytesOf(one, body)
  const cuts = [...new Set(one.cuts.filter((at) => at < bytes.length))].toSorted((a, b) => a - b)
  await new Promise<void>((resolve, reject) => {
    const receiver: CompressedReceiver = {
      compressed: (piece) => deliverCompressed(state, piece),
      compressorDrained() {},
      compressedAll() {
        deliverCompressedEnd(state)
        resolve()
      },
      compressionFailed: reject,
    }
    let isOver = false
    for (const [index, from] of [0, ...cuts].entries()) {
      const piece = Buffer.from(bytes.subarray(from, cuts[index]))
      const delivery = deliver(state, piece, piece.length, receiver)
      assert.ok(['more', 'complete', 'last'].includes(delivery), delivery)
      isOver = delivery !== 'more'
    }
    if (!isOver) assert.ok(deliverEnd(state))
    if (state.response.compressor === undefined) resolve()
    else state.response.compressor.end()
  })
  return client.text
}

describe('a response through a rule that compresses', () => {
  test('has the body of the node, and says how it is coded', async () => {
    await fc.assert(
      fc.asyncProperty(given, async (one) => {
        const body = 'some text '.repeat(301).slice(0, one.size)
        const bytes = Buffer.from(await through(one, body), 'latin1')
        const reading = { ended: true, isAnswer: true, toHead: one.isHead }
        const message = readMessage(bytes, 0, reading)
        assert.ok(message !== undefined)
        assert.equal(message.end, bytes.length)
        const coding = message.get('content-encoding')
        const isOurs = !one.fields.some((text) => text.startsWith('Content-Encoding'))
        if (!isOurs || coding === undefined) {
          if (!one.isHead && one.status !== 204 && one.status !== 304)
            assert.equal(message.body.toString('latin1'), body)
          return
        }
        assert.equal(coding, preferredCoding(one.accepts, ['br', 'gzip']))
        assert.match(message.get('vary') ?? '', /\*|accept-encoding/i)
        assert.equal(message.get('accept-ranges'), undefined)
        assert.equal(message.get('content-length'), undefined)
        assert.ok(!/^"/.test(message.get('etag') ?? ''))
        assert.ok(!one.isOld && ![204, 206, 304].includes(one.status))
        if (one.isHead) return
        const plain =
          coding === 'br' ? brotliDecompressSync(message.body) : gunzipSync(message.body)
        assert.equal(plain.toString('latin1'), body)
      }),
      { numRuns: 200, seed: fuzzSeed },
    )
  })
})
