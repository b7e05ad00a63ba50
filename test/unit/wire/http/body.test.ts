// Relayed bodies: the strict chunked grammar, and changes of framing.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BodyRelay, type Rewriting } from '../../../../src/wire/http/body-relay.ts'
import { ChunkedRelay } from '../../../../src/wire/http/chunked.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import type { Framing } from '../../../../src/wire/http/response-head.ts'

function chunked(text: string, decodes = false) {
  const relay = new ChunkedRelay()
  relay.reset(decodes)
  const out = new Out(16)
  const bytes = Buffer.from(text, 'latin1')
  const result = relay.relay(bytes, 0, bytes.length, out)
  return { result, done: relay.done, text: out.content.toString('latin1') }
}

describe('chunks', () => {
  test('are written in canonical form: lower-case digits, no leading zeros, no extensions', () => {
    const clean = chunked('00A;a=b;c="q;\\"x" ;d\r\n0123456789\r\n000;z\r\n\r\n')
    assert.deepEqual([clean.done, clean.text], [true, 'a\r\n0123456789\r\n0\r\n\r\n'])
  })

  test('can be decoded', () => {
    const { text, done } = chunked('3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n', true)
    assert.deepEqual([done, text], [true, 'abcde'])
  })

  test('bytes after the body are not read', () => {
    const { result, done } = chunked('1\r\na\r\n0\r\n\r\nGET /')
    assert.deepEqual([result, done], [11, true])
  })

  test('trailers for framing, routing or authentication are dropped', () => {
    const given =
      'X-Sum: 1\r\nContent-Length: 3\r\nHost: h\r\nAuthorization: x\r\nSet-Cookie: a\r\nTE: x\r\n'
    assert.equal(chunked(`0\r\n${given}\r\n`).text, '0\r\nX-Sum: 1\r\n\r\n')
  })

  for (const text of [
    '\r\n',
    'g\r\n',
    '-1\r\n',
    '0x1\r\n',
    ' 1\r\n',
    '1 \r\n',
    '1\n',
    '1\r\r\n',
    '1\r\nab\r\n',
    '1\r\na\n',
    '1\r\na\r\r',
    '1;\r\n',
    '1;a=\r\n',
    '1;a="\x00"\r\n',
    '1;a="b\r\n"\r\n',
    '1;a\n\r\n',
    'fffffffffffffffff\r\n',
    '20000000000000\r\n',
    '00000000000000001\r\n',
    '0\r\nbad trailer\r\n\r\n',
    '0\r\nA : b\r\n\r\n',
    '0\r\nA: b\nC: d\r\n\r\n',
    `1;${'a'.repeat(4_200)}\r\n`,
    `0\r\n${`A: ${'b'.repeat(1_000)}\r\n`.repeat(9)}\r\n`,
  ]) {
    test(`${JSON.stringify(text.slice(0, 30))} is refused`, () => {
      assert.ok(chunked(text).result < 0)
    })
  }

  test('extensions are counted over the whole body', () => {
    assert.ok(chunked(`1;${'a'.repeat(100)}\r\nx\r\n`.repeat(50)).result < 0)
  })
})

describe('changes of framing', () => {
  function relay(framing: Framing, length: number, rewriting: Rewriting, ...pieces: string[]) {
    const body = new BodyRelay()
    body.begin(framing, length, rewriting)
    const out = new Out(16)
    let left = ''
    for (const piece of pieces) {
      const bytes = Buffer.from(piece)
      left += piece.slice(body.relay(bytes, 0, bytes.length, out))
    }
    return { body, out, left, text: () => out.content.toString() }
  }

  test('a body of known length ends there; the rest is not read', () => {
    const { body, text, left } = relay('length', 5, 'same', 'ab', 'cdeNEXT')
    assert.deepEqual([text(), left, body.done], ['abcde', 'NEXT', true])
  })

  test('a body until the end of the connection becomes chunks, and is complete by a clean end only', () => {
    const { body, text, out } = relay('close', 0, 'encode', 'abc', 'defghijklmnopqrstuvwxyz')
    assert.equal(body.done, false)
    assert.equal(body.finish(out), true)
    assert.equal(text(), '3\r\nabc\r\n17\r\ndefghijklmnopqrstuvwxyz\r\n0\r\n\r\n')
  })

  test('an early end of the connection does not complete a length or chunks', () => {
    for (const { body, out } of [
      relay('length', 5, 'same', 'abcd'),
      relay('chunked', 0, 'same', '5\r\nabcde\r\n'),
      relay('chunked', 0, 'decode', '5\r\nabcde\r\n0\r\n'),
    ]) {
      assert.equal(body.finish(out), false)
      assert.equal(out.content.includes('0\r\n\r\n'), false)
    }
  })

  test('bytes that are body only are passed unchanged', () => {
    const body = new BodyRelay()
    body.begin('length', 5, 'same')
    assert.deepEqual([body.passes(0, 3), body.passes(0, 3), body.passes(0, 2)], [true, false, true])
    assert.equal(body.done, true)
    body.begin('none', 0, 'same')
    assert.deepEqual([body.done, body.passes(0, 1)], [true, false])
    body.begin('close', 0, 'encode')
    assert.equal(body.passes(0, 1), false)
  })
})

describe('Out', () => {
  test('hexadecimal and decimal numbers of all sizes', () => {
    for (const value of [
      0,
      1,
      15,
      16,
      255,
      4_096,
      0x7fffffff,
      0x80000000,
      0xffffffff,
      0x100000000,
      2 ** 53 - 1,
    ]) {
      const out = new Out(1)
      out.hex(value)
      out.crlf()
      out.decimal(value)
      assert.equal(out.content.toString(), `${value.toString(16)}\r\n${value}`)
    }
  })

  test('grows, is cleared, and leaves its bytes to others', () => {
    const out = new Out(4)
    const long = Buffer.from('x'.repeat(100))
    out.copy(long, 0, 100)
    out.raw(long)
    const { content } = out
    assert.equal(content.length, 200)
    out.detach()
    out.latin1('yy')
    assert.equal(content.toString(), 'x'.repeat(200))
    out.clear()
    assert.equal(out.content.length, 0)
  })
})
