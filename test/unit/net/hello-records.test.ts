import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tlsLimits } from '../../../src/base/limits.ts'
import { HelloRecords } from '../../../src/net/hello-records.ts'

const record = (payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([22, 3, 1, payload.length >> 8, payload.length & 0xff]), payload])

const message = (length: number): Buffer =>
  Buffer.concat([Buffer.from([1, 0, length >> 8, length & 0xff]), Buffer.alloc(length, 7)])

/** The message in records of this many bytes. */
const inRecords = (whole: Buffer, size: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
      record(whole.subarray(index * size, (index + 1) * size)),
    ),
  )

test('a message is complete with its last byte, in whatever pieces and records it arrives', () => {
  const whole = message(700)
  for (const recordBytes of [1, 2, 3, 5, 300, 703, 704]) {
    const sent = inRecords(whole, recordBytes)
    for (const size of [1, 2, 5, 6, 300, sent.length]) {
      const hello = new HelloRecords()
      for (let at = 0; at < sent.length; at += size) {
        assert.equal(hello.isComplete, false)
        hello.add(sent.subarray(at, at + size))
        assert.equal(hello.isHandshake, true)
      }
      assert.equal(hello.isComplete, true)
      assert.deepEqual(hello.message, whole)
      assert.deepEqual(hello.bytes, sent)
    }
  }
})

test('bytes behind the message are kept', () => {
  const hello = new HelloRecords()
  assert.equal(hello.isEmpty, true)
  hello.add(Buffer.concat([record(message(10)), Buffer.from('more')]))
  assert.deepEqual([hello.isEmpty, hello.isComplete], [false, true])
  assert.equal(hello.bytes.length, 23)
  assert.deepEqual(hello.message, message(10))
})

test('the longest record is awaited; an empty, a longer and a foreign one are left to OpenSSL', () => {
  const longest = new HelloRecords()
  longest.add(record(message(16_380)).subarray(0, -1))
  assert.equal(longest.isComplete, false)
  for (const head of [
    [22, 3, 1, 0, 0],
    [22, 3, 1, 0x40, 1],
    [22, 3, 1, 0, 2, 1, 0, 23, 3, 1, 0, 1],
  ]) {
    const left = new HelloRecords()
    left.add(Buffer.from(head))
    assert.equal(left.isComplete, true, String(head))
  }
})

test('a message beyond the limit is left to OpenSSL', () => {
  const hello = new HelloRecords()
  const sent = inRecords(message(65_000), 16_000)
  let taken = 0
  for (; !hello.isComplete; taken += 1_000) hello.add(sent.subarray(taken, taken + 1_000))
  assert.ok(taken <= tlsLimits.helloBytesMax + 1_000, String(taken))
})

test('a first byte of another kind is no handshake', () => {
  const hello = new HelloRecords()
  hello.add(Buffer.from('GET / HTTP/1.1\r\n'))
  assert.equal(hello.isHandshake, false)
})
