// Packets of a container as literal bytes, and their HTTP/1.1 form.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AnswerReader } from '../../../../src/wire/ajp/answer-reader.ts'
import { Out } from '../../../../src/wire/http/out.ts'

const hex = (notation: string): Buffer => Buffer.from(notation.replace(/\s/g, ''), 'hex')

/** 200 OK, Content-Type: text/plain, X-A: b */
const head = hex(`4142 0023 04 00c8 0002 4f4b 00 0002
  a001 000a 746578742f706c61696e 00
  0003 582d41 00 0001 62 00`)
const knownHead = hex('4142 000d 04 00c8 ffff 0001 a003 0001 35 00')
const hello = hex('4142 0009 03 0005 68656c6c6f 00')
const end = hex('4142 0002 05 01')
const ask = hex('4142 0003 06 1ffa')
const pong = hex('4142 0001 09')

interface Read {
  readonly text: string
  readonly problem: string | undefined
  readonly reader: AnswerReader
}

function read(bytes: Buffer, toHead = false, reader = new AnswerReader()): Read {
  reader.expectAnswer(toHead)
  const out = new Out(64)
  const problem = reader.read(bytes, bytes.length, out)
  return { text: out.content.toString('latin1'), problem, reader }
}

const chunkedText =
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'

describe('a response', () => {
  test('of unknown length becomes chunks', () => {
    const { text, problem, reader } = read(Buffer.concat([head, hello, end]))
    assert.equal(problem, undefined)
    assert.equal(text, chunkedText)
    assert.deepEqual([reader.ended, reader.reusable], [true, true])
  })

  test('of known length stays unchanged; without a reason phrase it gets the standard one', () => {
    const { text, reader } = read(Buffer.concat([knownHead, hello, end]))
    assert.equal(text, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
    assert.equal(reader.ended, true)
  })

  test('to HEAD has no body and no framing of its own', () => {
    const { text, reader } = read(Buffer.concat([head, end]), true)
    assert.equal(text, 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: b\r\n\r\n')
    assert.deepEqual([reader.ended, reader.reusable], [true, true])
  })

  test('may have empty pieces of body, and pieces without their zero byte', () => {
    const flush = hex('4142 0004 03 0000 00')
    const bare = hex('4142 0003 03 0000')
    const short = hex('4142 0008 03 0005 68656c6c6f')
    const { text } = read(Buffer.concat([head, flush, bare, short, flush, end]))
    assert.equal(text, chunkedText)
  })

  test('can end the connection', () => {
    const { reader } = read(Buffer.concat([head, hex('4142 0002 05 00')]))
    assert.deepEqual([reader.ended, reader.reusable], [true, false])
  })

  test('counts the requests for the body', () => {
    const { reader, text } = read(Buffer.concat([ask, ask, head, ask, hello, end]))
    assert.equal(text, chunkedText)
    assert.deepEqual([reader.asks, reader.askedBytes], [3, 8_186])
  })

  test('with its status as reason phrase gets the standard one', () => {
    const digits = hex('4142 000b 04 0194 0003 343034 00 0000')
    assert.match(read(digits).text, /^HTTP\/1\.1 404 Not Found\r\n/)
  })

  test('keeps Upgrade when its status is 426, and loses it otherwise', () => {
    const fields = 'ffff 0001 0007 55706772616465 00 0003 746370 00'
    assert.match(
      read(hex(`4142 0017 04 01aa ${fields}`)).text,
      /^HTTP.1.1 426.*\r\nUpgrade: tcp\r\n/,
    )
    assert.doesNotMatch(read(hex(`4142 0017 04 00c8 ${fields}`)).text, /Upgrade/)
  })

  test('followed by more bytes is complete, but the connection is not reused', () => {
    const { reader, text, problem } = read(Buffer.concat([head, hello, end, end]))
    assert.deepEqual([problem, text], [undefined, chunkedText])
    assert.deepEqual([reader.ended, reader.reusable], [true, false])
  })

  test('is the same wherever it is split', () => {
    const whole = Buffer.concat([ask, head, hello, hex('4142 0004 03 0000 00'), end])
    for (let at = 1; at < whole.length; at++) {
      const reader = new AnswerReader()
      reader.expectAnswer(false)
      const out = new Out(64)
      const parts = [whole.subarray(0, at), whole.subarray(at)]
      for (const part of parts) assert.equal(reader.read(part, part.length, out), undefined)
      assert.equal(out.content.toString('latin1').replace(/\r\n\d\r\n/g, ''), plainOf(chunkedText))
      assert.equal(reader.ended, true, `split at ${at}`)
    }
  })

  test('and the next one on the same connection do not mix', () => {
    const reader = new AnswerReader()
    for (let i = 0; i < 3; i++) {
      assert.equal(read(Buffer.concat([knownHead, hello, end]), false, reader).problem, undefined)
      assert.equal(read(Buffer.concat([head, hello, end]), false, reader).text, chunkedText)
    }
  })
})

/** Without chunk framing, which depends on where the input was split. */
function plainOf(text: string): string {
  return text.replace(/\r\n\d\r\n/g, '')
}

describe('CPONG', () => {
  test('is accepted after CPING', () => {
    const reader = new AnswerReader()
    reader.expectPong()
    assert.equal(reader.read(pong.subarray(0, 3), 3, new Out(8)), undefined)
    assert.equal(reader.ponged, false)
    assert.equal(reader.read(pong.subarray(3), 2, new Out(8)), undefined)
    assert.equal(reader.ponged, true)
  })

  const wrong: readonly (readonly [string, Buffer])[] = [
    ['an answer in its place', head],
    ['one that is too long', hex('4142 0002 09 00')],
    ['one with something behind it', Buffer.concat([pong, pong])],
    ['bytes of a request', hex('1234 0001 09')],
  ]
  for (const [name, bytes] of wrong) {
    test(`is not ${name}`, () => {
      const reader = new AnswerReader()
      reader.expectPong()
      assert.notEqual(reader.read(bytes, bytes.length, new Out(8)), undefined)
    })
  }

  test('without CPING is a problem', () => assert.notEqual(read(pong).problem, undefined))
})

describe('every length is checked', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['magic', '4143 0002 05 01'],
    ['an empty packet', '4142 0000'],
    ['an unknown kind', '4142 0001 08'],
    ['a head of nothing', '4142 0001 04'],
    ['a head without its count', '4142 0007 04 00c8 0001 41 00'],
    ['a status alone', '4142 0003 04 00c8'],
    ['a reason without its zero', '4142 0009 04 00c8 0002 4f4b 0000'],
    ['a reason beyond the packet', '4142 0009 04 00c8 00ff 4f4b 00 00'],
    ['fewer fields than told', '4142 000a 04 00c8 0002 4f4b 00 0001'],
    ['more than its fields', '4142 000b 04 00c8 0002 4f4b 00 0000 00'],
    ['an unknown code of a field name', '4142 000f 04 00c8 0002 4f4b 00 0001 a00c 0000 00'],
    ['field number 0', '4142 000f 04 00c8 0002 4f4b 00 0001 a000 0000 00'],
    ['a field number cut short', '4142 000b 04 00c8 0002 4f4b 00 0001 a0'],
    ['a field name that is not there', '4142 000f 04 00c8 0002 4f4b 00 0001 ffff 0000 00'],
    ['a status of 65535', '4142 000a 04 ffff 0002 4f4b 00 0000'],
    ['an end before the head', '4142 0002 05 01'],
    ['a body before the head', '4142 0004 03 0000 00'],
    ['a question cut short', '4142 0002 06 1f'],
    ['a question that is too long', '4142 0004 06 1ffa 00'],
  ]
  for (const [name, bytes] of cases) {
    test(name, () => assert.notEqual(read(hex(bytes)).problem, undefined))
  }

  const behind: readonly (readonly [string, string])[] = [
    ['a piece without a length', '4142 0002 03 00'],
    ['a piece longer than its packet', '4142 0004 03 0002 00'],
    ['a piece shorter than its packet', '4142 0008 03 0002 6161 00 00 00'],
    ['a piece that does not end in zero', '4142 0006 03 0002 6161 01'],
    ['an end without its flag', '4142 0001 05'],
    ['an end that is too long', '4142 0003 05 01 00'],
    ['a second head', '4142 000a 04 00c8 0002 4f4b 00 0000'],
  ]
  for (const [name, bytes] of behind) {
    test(`${name}, after a valid head`, () => {
      assert.notEqual(read(Buffer.concat([head, hex(bytes)])).problem, undefined)
    })
  }

  test('a body shorter than its Content-Length', () => {
    const short = hex('4142 0005 03 0001 68 00')
    assert.notEqual(read(Buffer.concat([knownHead, short, end])).problem, undefined)
  })

  test('a body longer than that: the rest is dropped and the connection not reused', () => {
    const { text, reader } = read(Buffer.concat([knownHead, hello, hello, end]))
    assert.match(text, /\r\n\r\nhello$/)
    assert.equal(reader.reusable, false)
  })

  test('unexpected bytes', () => {
    const reader = new AnswerReader()
    assert.notEqual(reader.read(head, head.length, new Out(8)), undefined)
  })
})
