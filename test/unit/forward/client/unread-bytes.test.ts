import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpLimits } from '../../../../src/base/limits.ts'
import { UnreadBytes } from '../../../../src/forward/client/unread-bytes.ts'
import { defaultHeadLimits } from '../../../../src/wire/http/head-limits.ts'

test('bytes are joined with those that were kept, and forgotten then', () => {
  const unread = new UnreadBytes(defaultHeadLimits)
  const shared = Buffer.from('GET / ')
  unread.keep(shared, false)
  shared.fill('x')
  assert.equal(unread.length, 6)
  assert.equal(unread.join(Buffer.from('HTTP/1.1'))?.toString(), 'GET / HTTP/1.1')
  assert.equal(unread.isEmpty, true)
})

test('a head in many pieces is parsed sixteen times, and again when it is complete', () => {
  const unread = new UnreadBytes(defaultHeadLimits)
  unread.keep(Buffer.from('GET / HTTP/1.1\r\n'), true)
  for (let i = 0; i < 16; i++) {
    const whole = unread.join(Buffer.from('A'))
    assert.ok(whole !== undefined, `piece ${i}`)
    unread.parsed(false)
    unread.keep(whole, true)
  }
  assert.equal(unread.join(Buffer.from('A: b\r\n')), undefined)
  assert.match(unread.join(Buffer.from('\r\n'))?.toString() ?? '', /A: b\r\n\r\n$/)
})

test('a head that is too long is parsed, to be refused', () => {
  const unread = new UnreadBytes(defaultHeadLimits)
  for (let i = 0; i < 16; i++) unread.parsed(false)
  unread.add(Buffer.from('GET /'))
  assert.equal(unread.join(Buffer.from('x')), undefined)
  assert.ok(unread.join(Buffer.alloc(httpLimits.headBytesMax, 'x')) !== undefined)
})

test('a complete head begins the count anew', () => {
  const unread = new UnreadBytes(defaultHeadLimits)
  for (let i = 0; i < 16; i++) unread.parsed(false)
  unread.parsed(true)
  unread.add(Buffer.from('G'))
  assert.equal(unread.join(Buffer.from('E'))?.toString(), 'GE')
})
