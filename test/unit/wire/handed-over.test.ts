import assert from 'node:assert/strict'
import { createHmac, createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { type HandedOver, readHandedOver, writeHandedOver } from '../../../src/wire/handed-over.ts'

const key = createSecretKey('the key of all peers', 'utf8')
const old = createSecretKey('the key before it', 'utf8')
const request = { method: 'GET', target: '/a?b=c' }
const mark: HandedOver = {
  address: '192.0.2.7',
  port: 50123,
  scheme: 'https',
  time: 1_763_715_617_003,
}
const read = (value: string, keys = [key], now = mark.time, asked = request) =>
  readHandedOver(value, asked, keys, now, 30_000)

test('a written mark is read back, with and without a key, for both address families', () => {
  for (const address of ['192.0.2.7', '2001:db8::1', '::ffff:192.0.2.7']) {
    for (const keys of [[], [key]]) {
      const value = writeHandedOver({ ...mark, address }, request, keys[0])
      assert.match(value, /^[\x21-\x7e]+$/)
      assert.deepEqual(read(value, keys), {
        kind: 'valid',
        mark: { ...mark, address },
        signed: keys.length > 0,
      })
    }
  }
})

test('any key of the ring verifies, another does not', () => {
  const value = writeHandedOver(mark, request, old)
  assert.equal(read(value, [key, old]).kind, 'valid')
  assert.deepEqual(read(value, [key]), { kind: 'refused', reason: 'signature' })
})

test('the signature covers the request and all of the mark', () => {
  const value = writeHandedOver(mark, request, key)
  const refused = { kind: 'refused', reason: 'signature' }
  assert.deepEqual(read(value, [key], mark.time, { method: 'POST', target: '/a?b=c' }), refused)
  assert.deepEqual(read(value, [key], mark.time, { method: 'GET', target: '/a' }), refused)
  for (const [from, to] of [
    ['192.0.2.7', '192.0.2.8'],
    ['50123', '50124'],
    ['https', 'http'],
    ['7003', '7004'],
  ] as const) {
    assert.deepEqual(read(value.replace(from, to)), refused)
  }
  assert.deepEqual(read(value.replace(/;sig.*/, '')), refused)
})

test('the signature is the HMAC-SHA256 of the three lines, for keys and targets of any length', () => {
  for (const length of [1, 16, 63, 64, 65, 200]) {
    for (const target of ['/', '/a?b=c', `/${'x'.repeat(20_000)}`, '/\u00fc']) {
      const secret = createSecretKey('\u00e9'.repeat(length), 'latin1')
      const value = writeHandedOver(mark, { method: 'GET', target }, secret)
      const [told, given] = value.split(';sig=')
      const hmac = createHmac('sha256', secret)
      hmac.update(`topspin handed over 1\nGET ${target}\n${told}`, 'latin1')
      assert.equal(given, hmac.digest('base64url').slice(0, 22))
    }
  }
})

test('a mark is valid for thirty seconds in either direction', () => {
  const value = writeHandedOver(mark, request, key)
  assert.equal(read(value, [key], mark.time + 30_000).kind, 'valid')
  assert.equal(read(value, [key], mark.time - 30_000).kind, 'valid')
  assert.deepEqual(read(value, [key], mark.time + 30_001), { kind: 'refused', reason: 'time' })
})

test('any other form is refused', () => {
  for (const value of [
    '',
    'for=1.2.3.4',
    'for="1.2.3.4:70000";proto=http;at=1',
    'for="1.2.3.4.5:1";proto=http;at=1',
    'for="[::g]:1";proto=http;at=1',
    'for="1.2.3.4:1";proto=ftp;at=1',
    'for="1.2.3.4:1";proto=http;at=1, for="1.2.3.4:1";proto=http;at=1',
    'for="1.2.3.4:1";proto=http;at=1;sig=short',
  ]) {
    assert.deepEqual(read(value, []), { kind: 'refused', reason: 'form' }, value)
  }
})

test('an invalid address or port is not written', () => {
  for (const bad of [
    { address: 'host' },
    { address: 'fe80::1%eth0\r\n' },
    { port: 65_536 },
    { port: 1.5 },
  ]) {
    assert.throws(() => writeHandedOver({ ...mark, ...bad }, request, key), RangeError)
  }
})
