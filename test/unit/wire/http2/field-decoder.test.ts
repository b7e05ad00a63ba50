// Field blocks: the examples of RFC 7541 C, the limits, and everything that must end a connection.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http2Limits } from '../../../../src/base/limits.ts'
import { type Decoded, FieldDecoder } from '../../../../src/wire/http2/field-decoder.ts'
import type { FieldLine } from '../../../../src/wire/http2/field-line.ts'
import { huffman, indexed, integer, literal, named } from '../../../support/http2-frames.ts'

/** Decodes one block. */
function decode(decoder: FieldDecoder, block: Buffer): { result: Decoded; lines: string[] } {
  const lines: string[] = []
  const field = ({ bytes, nameTo, valueTo }: FieldLine): void => {
    assert.equal(bytes.toString('latin1', nameTo, nameTo + 2), ': ')
    assert.equal(bytes.toString('latin1', valueTo, valueTo + 2), '\r\n')
    lines.push(bytes.toString('latin1', 0, valueTo))
  }
  // Bytes around the block must not be read.
  const around = Buffer.concat([Buffer.from([0xff]), block, Buffer.from([0xff])])
  return { result: decoder.decode(around, 1, around.length - 1, { field }), lines }
}

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')

test('the requests of RFC 7541 C.3, without Huffman coding', () => {
  const decoder = new FieldDecoder()
  const first = decode(decoder, hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'))
  assert.deepEqual(first.lines, [
    ':method: GET',
    ':scheme: http',
    ':path: /',
    ':authority: www.example.com',
  ])
  assert.equal(decoder.tableBytes, 57)
  const second = decode(decoder, hex('8286 84be 5808 6e6f 2d63 6163 6865'))
  assert.deepEqual(second.lines.slice(3), [
    ':authority: www.example.com',
    'cache-control: no-cache',
  ])
  assert.equal(decoder.tableBytes, 110)
  const third = decode(
    decoder,
    hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'),
  )
  assert.deepEqual(third.lines, [
    ':method: GET',
    ':scheme: https',
    ':path: /index.html',
    ':authority: www.example.com',
    'custom-key: custom-value',
  ])
  assert.equal(decoder.tableBytes, 164)
})

test('the requests of RFC 7541 C.4, with Huffman coding', () => {
  const decoder = new FieldDecoder()
  const first = decode(decoder, hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))
  assert.equal(first.lines[3], ':authority: www.example.com')
  const second = decode(decoder, hex('8286 84be 5886 a8eb 1064 9cbf'))
  assert.equal(second.lines[4], 'cache-control: no-cache')
  const third = decode(decoder, hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))
  assert.equal(third.lines[4], 'custom-key: custom-value')
  assert.equal(decoder.tableBytes, 164)
})

test('the answers of RFC 7541 C.6, whose table of 256 bytes evicts entries', () => {
  const decoder = new FieldDecoder()
  decode(decoder, integer(0x20, 5, 256))
  decode(
    decoder,
    hex(
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
    ),
  )
  assert.equal(decoder.tableBytes, 222)
  const second = decode(decoder, hex('4883 640e ffc1 c0bf'))
  assert.deepEqual(second.lines, [
    ':status: 307',
    'cache-control: private',
    'date: Mon, 21 Oct 2013 20:13:21 GMT',
    'location: https://www.example.com',
  ])
  assert.equal(decoder.tableBytes, 222)
})

test('a block is not decoded beyond its end', () => {
  for (const block of [
    hex('40'),
    hex('4001'),
    hex('400161'),
    hex('40016101'),
    hex('ff'),
    hex('ff80'),
    hex('4085ffff'),
    hex('7f'),
  ])
    assert.equal(decode(new FieldDecoder(), block).result, 'invalid', block.toString('hex'))
})

test('an entry that does not exist is an error', () => {
  for (const index of [0, 62, 1_000, 2 ** 28])
    assert.equal(decode(new FieldDecoder(), indexed(index)).result, 'invalid', `${index}`)
  const decoder = new FieldDecoder()
  assert.equal(decode(decoder, literal('a', 'b', 0x40)).result, 'whole')
  assert.deepEqual(decode(decoder, indexed(62)).lines, ['a: b'])
  assert.equal(decode(decoder, indexed(63)).result, 'invalid')
  assert.equal(decode(new FieldDecoder(), named(62, 'b')).result, 'invalid')
})

test('an integer that is far too long is an error, however it is written', () => {
  for (const block of [
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.from([0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
    Buffer.concat([Buffer.from([0x00, 0x7f]), Buffer.alloc(10, 0xff)]),
  ])
    assert.equal(decode(new FieldDecoder(), block).result, 'invalid')
})

test('the size of the table changes only at the beginning of a block, and never above the limit', () => {
  const max = http2Limits.tableBytesMax
  const size = (bytes: number): Buffer => integer(0x20, 5, bytes)
  const decoder = new FieldDecoder()
  assert.equal(decode(decoder, literal('a', 'b', 0x40)).result, 'whole')
  assert.equal(decode(decoder, Buffer.concat([size(0), size(max), indexed(2)])).result, 'whole')
  assert.equal(decoder.tableBytes, 0)
  assert.equal(decode(decoder, Buffer.concat([indexed(2), size(max)])).result, 'invalid')
  assert.equal(decode(new FieldDecoder(), size(max + 1)).result, 'invalid')
})

test('an entry larger than the table empties it', () => {
  const decoder = new FieldDecoder()
  decode(decoder, literal('a', 'b', 0x40))
  const large = decode(decoder, literal('a', 'x'.repeat(http2Limits.tableBytesMax), 0x40))
  assert.equal(large.result, 'whole')
  assert.equal(large.lines[0]?.length, 3 + http2Limits.tableBytesMax)
  assert.equal(decoder.tableBytes, 0)
})

test('the oldest entries leave first, and numbers count from the newest', () => {
  const decoder = new FieldDecoder()
  const count = 300
  for (let i = 0; i < count; i++) decode(decoder, literal('n', `${i}`, 0x40))
  const kept = Math.floor(http2Limits.tableBytesMax / (32 + 1 + 3))
  assert.deepEqual(decode(decoder, indexed(62)).lines, [`n: ${count - 1}`])
  assert.deepEqual(decode(decoder, indexed(61 + kept)).lines, [`n: ${count - kept}`])
  assert.equal(decode(decoder, indexed(62 + kept)).result, 'invalid')
})

test('a list larger than the limit is not passed on, and the table stays in step', () => {
  const decoder = new FieldDecoder()
  const value = 'x'.repeat(4_000)
  decode(decoder, literal('a', value, 0x40))
  const times = Math.floor(http2Limits.fieldListBytesMax / (32 + 1 + value.length))
  const all = Buffer.concat(Array.from({ length: times }, () => indexed(62)))
  assert.equal(decode(decoder, all).result, 'whole')
  const bomb = Buffer.concat([
    Buffer.concat(Array.from({ length: 50_000 }, () => indexed(62))),
    literal('b', 'c', 0x40),
  ])
  const { result, lines } = decode(decoder, bomb)
  assert.equal(result, 'large')
  assert.equal(lines.length, times)
  assert.deepEqual(decode(decoder, indexed(62)).lines, ['b: c'])
})

test('Huffman coding: padding has up to 7 bits, all of them ones, and no end of string is coded', () => {
  const value = (coded: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0, 1, 0x61]), integer(0x80, 7, coded.length), coded])
  const result = (coded: Buffer): Decoded => decode(new FieldDecoder(), value(coded)).result
  assert.deepEqual(decode(new FieldDecoder(), value(huffman('tomcat-at.io'))).lines, [
    'a: tomcat-at.io',
  ])
  assert.equal(result(Buffer.alloc(0)), 'whole')
  // `a` is 00011, and the rest of the byte must be ones.
  assert.equal(result(Buffer.from([0b0001_1111])), 'whole')
  assert.equal(result(Buffer.from([0b0001_1110])), 'invalid')
  assert.equal(result(Buffer.from([0b0001_1111, 0xff])), 'invalid')
  assert.equal(result(Buffer.from([0xff])), 'invalid')
  assert.equal(result(Buffer.from([0xff, 0xff, 0xff, 0xff])), 'invalid')
})
