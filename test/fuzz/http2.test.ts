// Properties of HTTP/2 without sockets: no bytes make a reader throw, frames do not depend on where reads end, and whatever
// is forwarded is exactly one canonical request of HTTP/1.1.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Out } from '../../src/wire/http/out.ts'
import { RequestHead } from '../../src/wire/http/request-head.ts'
import { FieldDecoder } from '../../src/wire/http2/field-decoder.ts'
import { type FrameHandler, FrameReader } from '../../src/wire/http2/frame-reader.ts'
import { RequestText } from '../../src/wire/http2/request-text.ts'
import { initialSettings, readSettings } from '../../src/wire/http2/settings.ts'
import { TrailerText } from '../../src/wire/http2/trailer-text.ts'
import { frame, indexed, literal, named } from '../support/http2-frames.ts'

const runs = { numRuns: 400 }

const names = fc.constantFrom(
  ':method',
  ':path',
  ':scheme',
  ':authority',
  ':protocol',
  ':status',
  'host',
  'cookie',
  'te',
  'content-length',
  'transfer-encoding',
  'connection',
  'x-a',
  'X-A',
  'a b',
  '',
  'content_length',
  'x\r\ny',
)
const values = fc.constantFrom(
  'GET',
  'POST',
  'CONNECT',
  'websocket',
  '/',
  '/a?b',
  '*',
  'http://a/',
  'http',
  'https',
  'a.test',
  'a.test:80',
  'a b',
  '5',
  '0',
  'trailers',
  'chunked',
  '',
  ' x',
  'x\r\nsmuggled: 1',
  '\u0000',
  '\u00e4',
)
const field = fc.oneof(
  fc
    .tuple(names, values, fc.constantFrom(0, 0x10, 0x40))
    .map(([name, value, first]) => literal(name, value, first)),
  fc.tuple(fc.integer({ min: 1, max: 70 }), values).map(([index, value]) => named(index, value)),
  fc.integer({ min: 1, max: 70 }).map(indexed),
)
const usual = [indexed(2), indexed(6), indexed(4), literal(':authority', 'a.test')]
const block = fc
  .tuple(fc.boolean(), fc.array(field, { maxLength: 8 }))
  .map(([isUsual, fields]) => Buffer.concat([...(isUsual ? usual : []), ...fields]))
const mutated = fc
  .tuple(block, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }))
  .map(([bytes, changes]) => {
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
    return bytes
  })

const canonical =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: (?:[^\0-\x20\x7f](?:[^\0-\x08\x0a-\x1f\x7f]*[^\0-\x20\x7f])?)?\r\n)*\r\n$/

describe('field blocks', () => {
  test('a request that is accepted is one canonical head with one Host and one framing', () => {
    fc.assert(
      fc.property(mutated, fc.boolean(), (bytes, hasBody) => {
        const text = new RequestText(new Out(64))
        text.begin()
        const decoded = new FieldDecoder().decode(bytes, 0, bytes.length, text)
        if (decoded !== 'whole' || text.end(hasBody) !== undefined) return
        const { content } = text.out
        const head = new RequestHead()
        const end = head.parse(content, 0, content.length)
        if (end < 0) return
        assert.equal(end, content.length)
        const written = content.toString('latin1')
        assert.match(written, canonical)
        assert.equal(written.match(/\r\nhost:/gi)?.length, 1)
        assert.ok((written.match(/\r\n(?:content-length|transfer-encoding):/gi)?.length ?? 0) <= 1)
        assert.doesNotMatch(written, /\r\nsmuggled/)
        if (hasBody && !text.isTunnel) assert.ok(head.chunked || head.declaresLength)
        else assert.equal(head.hasBody, false)
      }),
      { numRuns: 4_000 },
    )
  })

  test('any bytes are decoded without an exception, and both tables stay within their limits', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), (blocks) => {
        const decoder = new FieldDecoder()
        const trailers = new TrailerText(new Out(64))
        for (const bytes of blocks) {
          trailers.begin()
          const block = Buffer.from(bytes)
          if (decoder.decode(block, 0, block.length, trailers) === 'invalid') return
          trailers.end()
          assert.ok(decoder.tableBytes <= 4_096 && decoder.tableBytes >= 0)
        }
      }),
      runs,
    )
  })
})

class Recorder implements FrameHandler {
  isOver = false
  text = ''
  frameBegins(type: number, flags: number, stream: number, length: number): boolean {
    this.text += `|${type} ${flags} ${stream} ${length} `
    return true
  }
  frame(
    _type: number,
    _flags: number,
    _stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    this.text += bytes.toString('hex', from, to)
  }
  data(bytes: Buffer, from: number, to: number): void {
    this.text += bytes.toString('hex', from, to)
  }
  dataEnds(): void {
    this.text += '.'
  }
  badPadding(): void {
    this.text += '!'
    this.isOver = true
  }
}

describe('frames', () => {
  const frames = fc
    .array(
      fc
        .tuple(fc.nat(11), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 30 }))
        .map(([type, flags, stream, payload]) => frame(type, flags, stream, Buffer.from(payload))),
      { maxLength: 8 },
    )
    .map((all) => Buffer.concat(all))

  test('are the same wherever reads end', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(300), { maxLength: 6 }), (bytes, cuts) => {
        const whole = new Recorder()
        new FrameReader().read(bytes, 0, bytes.length, whole)
        const pieces = new Recorder()
        const reader = new FrameReader()
        let from = 0
        const ends = cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b)
        for (const to of [...ends, bytes.length]) {
          // Of a buffer that is overwritten afterwards.
          const piece = Buffer.from(bytes.subarray(from, to))
          reader.read(piece, 0, piece.length, pieces)
          piece.fill(0xee)
          from = to
        }
        assert.equal(pieces.text, whole.text)
      }),
      runs,
    )
  })

  test('of SETTINGS with any payload have a result', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
        const settings = initialSettings()
        readSettings(Buffer.from(payload), settings)
        assert.ok(settings.windowBytes <= 0x7fff_ffff)
      }),
      runs,
    )
  })
})
