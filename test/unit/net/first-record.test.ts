import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FirstRecord } from '../../../src/net/first-record.ts'

const record = (length: number): Buffer =>
  Buffer.concat([Buffer.from([22, 3, 1, length >> 8, length & 0xff]), Buffer.alloc(length, 1)])

test('a record is complete with its last byte, in whatever pieces it arrives', () => {
  const whole = record(700)
  for (const size of [1, 2, 5, 6, 300, 704]) {
    const first = new FirstRecord()
    for (let at = 0; at < whole.length; at += size) {
      assert.equal(first.isComplete, false)
      first.add(whole.subarray(at, at + size))
      assert.equal(first.isHandshake, true)
    }
    assert.equal(first.isComplete, true)
    assert.deepEqual(first.bytes, whole)
  }
})

test('bytes behind the record are kept', () => {
  const first = new FirstRecord()
  assert.equal(first.isEmpty, true)
  first.add(Buffer.concat([record(10), Buffer.from('more')]))
  assert.deepEqual([first.isEmpty, first.isComplete], [false, true])
  assert.equal(first.bytes.length, 19)
})

test('an empty record and the longest one are awaited, a longer one is left to OpenSSL', () => {
  const empty = new FirstRecord()
  empty.add(record(0))
  assert.equal(empty.isComplete, true)
  const longest = new FirstRecord()
  longest.add(record(16_384).subarray(0, -1))
  assert.equal(longest.isComplete, false)
  const tooLong = new FirstRecord()
  tooLong.add(Buffer.from([22, 3, 1, 0x40, 1]))
  assert.equal(tooLong.isComplete, true)
})

test('a first byte of another kind is no handshake', () => {
  const first = new FirstRecord()
  first.add(Buffer.from('GET / HTTP/1.1\r\n'))
  assert.equal(first.isHandshake, false)
})
